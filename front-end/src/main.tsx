import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Provider } from 'react-redux'

import { App } from './app/App'
import { makeStore } from './app/store'
import { apply } from './app/theme'
import { texts } from './texts'
import './styles/index.css'

const store = makeStore()
apply(store.getState().theme)
document.documentElement.lang = texts.language

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Provider store={store}>
        <App />
      </Provider>
    </StrictMode>,
  )
}
