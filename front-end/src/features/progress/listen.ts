import Pusher from 'pusher-js'

import type { Change, Me } from '../../api/schema'
import type { Dispatch, State } from '../../app/store'
import { Ear } from './ear'
import { reached } from './live'

/** Listens until the page is closed. Gives what ends it. */
export const listen =
  (me: Me) =>
  (dispatch: Dispatch, state: () => State): (() => void) => {
    const ear = new Ear(dispatch, state)
    dispatch(reached(me.sequence))
    const { key, cluster, host, port, tls, channel, event } = me.live
    const pusher = new Pusher(key, {
      cluster: cluster ?? '',
      ...(cluster === null && {
        wsHost: host ?? window.location.hostname,
        wsPort: port ?? (Number(window.location.port) || 80),
        wssPort: port ?? (Number(window.location.port) || 443),
        forceTLS: tls ?? window.location.protocol === 'https:',
        enabledTransports: ['ws', 'wss'],
        disableStats: true,
      }),
      channelAuthorization: { endpoint: '/live/auth', transport: 'ajax' },
    })
    pusher.connection.bind('state_change', ({ current }: { current: string }) => {
      if (current !== 'connected') ear.lost()
    })
    const subscription = pusher.subscribe(channel)
    subscription.bind('pusher:subscription_succeeded', () => ear.connected())
    subscription.bind('pusher:subscription_error', () => ear.lost())
    subscription.bind(event, (change: Change) => ear.heard(change))
    const online = () => pusher.connect()
    window.addEventListener('online', online)
    return () => {
      window.removeEventListener('online', online)
      pusher.disconnect()
      ear.close()
    }
  }
