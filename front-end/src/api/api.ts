import { createApi, fetchBaseQuery, type BaseQueryFn, type FetchArgs, type FetchBaseQueryError } from '@reduxjs/toolkit/query/react'

import { texts } from '../texts'
import type {
  Announced,
  Forms,
  Allowed,
  Changed,
  ItemPage,
  Job,
  JobPage,
  Me,
  Missed,
  Problem,
  Stamps,
  UploadPage,
  Uploaded,
  JobWanted,
  Zip,
} from './schema'

const plain = fetchBaseQuery({ baseUrl: '/' })

/** Everybody who asks at the same time as somebody new is the same new somebody. */
let beginning: Promise<unknown> | undefined

/** Begins a session if there is still none: an answer to who asked before the last one began may come after it. */
export function beginSession(): Promise<unknown> {
  beginning ??= fetch('/me')
    .then((me) => (me.status === 401 ? fetch('/sessions', { method: 'POST' }) : me))
    .finally(() => (beginning = undefined))
  return beginning
}

/** Begins a session where there is none, and asks again. */
const query: BaseQueryFn<string | FetchArgs, unknown, FetchBaseQueryError> = async (args, api, extra) => {
  const answer = await plain(args, api, extra)
  if (answer.error?.status !== 401) return answer
  await beginSession()
  return plain(args, api, extra)
}

const post = (url: string, body?: unknown): FetchArgs => ({ url, method: 'POST', body })

export const api = createApi({
  baseQuery: query,
  tagTypes: ['Jobs', 'Stamps'],
  endpoints: (build) => ({
    me: build.query<Me, void>({ query: () => 'me' }),
    stamps: build.query<Stamps, void>({ query: () => 'stamps?limit=100', providesTags: ['Stamps'] }),
    announceStamp: build.mutation<Allowed, Announced>({ query: (stamp) => post('stamps', stamp) }),
    confirmStamp: build.mutation<Uploaded, string>({
      query: (id) => post(`stamps/${id}/confirm`),
      invalidatesTags: ['Stamps'],
    }),
    deleteStamp: build.mutation<null, string>({
      query: (id) => ({ url: `stamps/${id}`, method: 'DELETE' }),
      invalidatesTags: ['Stamps'],
    }),
    announce: build.mutation<Forms, Announced[]>({ query: (pictures) => post('pictures', { pictures }) }),
    confirm: build.mutation<UploadPage, string[]>({ query: (ids) => post('pictures/confirm', { ids }) }),
    deletePictures: build.mutation<Changed, string[]>({
      query: (ids) => ({ url: 'pictures', method: 'DELETE', body: { ids } }),
    }),
    restorePictures: build.mutation<Changed, string[]>({ query: (ids) => post('pictures/restore', { ids }) }),
    jobs: build.infiniteQuery<JobPage, void, string>({
      infiniteQueryOptions: {
        initialPageParam: '',
        getNextPageParam: (page) => page.next ?? undefined,
      },
      query: ({ pageParam }) => `jobs?limit=30${pageParam && `&cursor=${encodeURIComponent(pageParam)}`}`,
      providesTags: ['Jobs'],
    }),
    job: build.query<Job, string>({ query: (id) => `jobs/${id}` }),
    items: build.query<ItemPage, { job: string; from: number }>({
      query: ({ job, from }) => `jobs/${job}/items?from=${from}&limit=1000`,
    }),
    createJob: build.mutation<Job, { wish: JobWanted; key: string }>({
      // The key makes a request that is sent again, because its answer was lost, the same job.
      query: ({ wish, key }) => ({ ...post('jobs', wish), headers: { 'Idempotency-Key': key } }),
      invalidatesTags: ['Jobs'],
    }),
    cancel: build.mutation<Job, string>({ query: (id) => post(`jobs/${id}/cancel`) }),
    retry: build.mutation<Job, { job: string; item?: number }>({
      query: ({ job, item }) => post(`jobs/${job}/retry`, item === undefined ? undefined : { item }),
    }),
    makeZip: build.mutation<Zip, string>({ query: (id) => post(`jobs/${id}/zip`) }),
    // Not a query: the same question has another answer each time, and a cache would only be in the way.
    since: build.mutation<Missed, number>({ query: (since) => `events?since=${since}` }),
  }),
})

export const {
  useMeQuery,
  useStampsQuery,
  useJobsInfiniteQuery,
  useCreateJobMutation,
  useCancelMutation,
  useRetryMutation,
  useMakeZipMutation,
  useDeleteStampMutation,
} = api

/** A sentence for the person at the screen. */
export function told(error: unknown): string {
  if (typeof error === 'object' && error !== null) {
    if ('data' in error) {
      const { detail } = (error.data ?? {}) as Partial<Problem>
      if (detail) return detail
    }
    if ('status' in error && error.status === 'FETCH_ERROR') return texts.offline
    if ('message' in error && typeof error.message === 'string') return error.message
  }
  return texts.unknownFault
}

export const stampImage = (id: string) => `/stamps/${encodeURIComponent(id)}/image`
export const pictureThumbnail = (id: string, size: number) => `/pictures/${id}/thumbnail?size=${size}`
export const resultThumbnail = (job: string, item: number, attempt: number, size: number) =>
  `/jobs/${job}/items/${item}/thumbnail?size=${size}&attempt=${attempt}`
export const resultDownload = (job: string, item: number) => `/jobs/${job}/items/${item}/download`
export const zipDownload = (job: string) => `/jobs/${job}/zip`
