import { useEffect, useRef } from 'react'

import { told, useMeQuery } from '../api/api'
import { History } from '../features/history/History'
import { Notices } from '../features/notices/Notices'
import { JobView } from '../features/progress/JobView'
import { listen } from '../features/progress/listen'
import { texts } from '../texts'
import { HISTORY, STUDIO, useRoute } from './route'
import { useAppDispatch, useAppSelector } from './store'
import { Studio } from './Studio'
import { apply, next, theme } from './theme'

export function App() {
  const route = useRoute()
  const dispatch = useAppDispatch()
  const { data: me, error, refetch } = useMeQuery()
  const main = useRef<HTMLElement>(null)
  const where = route.at === 'job' ? route.id : route.at
  const first = useRef(where)
  useEffect(() => (me ? dispatch(listen(me)) : undefined), [dispatch, me])
  useEffect(() => {
    document.title = `${texts.titles[route.at]} – Stampede`
    // Who comes by a link hears where they are; who opens the page begins at its top.
    if (first.current !== where) main.current?.focus()
    first.current = ''
  }, [route.at, where])
  return (
    <>
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          main.current?.focus()
        }}
      >
        {texts.skip}
      </a>
      <header className="top">
        <a className="brand" href={STUDIO}>
          <img src="/icon.svg" alt="" width="28" height="28" />
          Stampede
        </a>
        <nav aria-label={texts.pages}>
          <a href={STUDIO} aria-current={route.at === 'studio' ? 'page' : undefined}>
            {texts.links.studio}
          </a>
          <a href={HISTORY} aria-current={route.at === 'history' ? 'page' : undefined}>
            {texts.links.history}
          </a>
        </nav>
        <LiveState />
        <ThemeButton />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {error !== undefined && !me && (
          <p className="banner fault" role="alert">
            {told(error)} <button onClick={() => void refetch()}>{texts.retry}</button>
          </p>
        )}
        {route.at === 'studio' && <Studio />}
        {route.at === 'history' && <History />}
        {route.at === 'job' && <JobView key={route.id} id={route.id} />}
      </main>
      <Notices />
    </>
  )
}

function LiveState() {
  const state = useAppSelector((state) => state.live.state)
  return (
    <span className={`live ${state}`} role="status" title={texts.liveLong[state]}>
      {texts.live[state]}
    </span>
  )
}

function ThemeButton() {
  const dispatch = useAppDispatch()
  const now = useAppSelector((state) => state.theme)
  useEffect(() => apply(now), [now])
  return (
    <button type="button" className="quiet theme" aria-label={texts.themeIs(texts.themes[now])} onClick={() => dispatch(theme.actions.chosen(next(now)))}>
      {texts.theme(texts.themes[now])}
    </button>
  )
}
