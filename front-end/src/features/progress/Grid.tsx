import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, useState } from 'react'

import { rem } from '../../app/rem'
import { texts } from '../../texts'
import { Card } from './Card'

/** A card is at least so wide, in rem: two stand side by side on the narrowest telephone. */
const CARD = 9.375
/** What stands below its picture, in rem. */
const FOOT = 5.75
/** Pixels. */
const GAP = 12

/** Any number of cards, of which those in sight are on the page. */
export function Grid({ job, numbers, compare }: { job: string; numbers: number[]; compare: (item: number) => void }) {
  const list = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  const [top, setTop] = useState(0)
  useEffect(() => {
    const element = list.current
    if (!element) return
    const measure = () => {
      setWidth(element.clientWidth)
      setTop(element.getBoundingClientRect().top + window.scrollY)
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    // What stands above may grow, too.
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [])
  const unit = rem()
  const columns = Math.max(2, Math.min(12, Math.floor((width + GAP) / (CARD * unit + GAP))))
  const side = Math.max(1, (width - GAP * (columns - 1)) / columns)
  const row = side + FOOT * unit + GAP
  const rows = Math.ceil(numbers.length / columns)
  const virtual = useWindowVirtualizer({ count: rows, estimateSize: () => row, overscan: 2, scrollMargin: top })
  useEffect(() => virtual.measure(), [virtual, row])
  return (
    <div ref={list}>
    {numbers.length === 0 && <p className="nothing">{texts.nothingHere}</p>}
    <ul className="grid" style={{ height: rows * row }} aria-label={texts.pictures}>
      {width > 0 &&
        virtual.getVirtualItems().flatMap(({ index, start }) =>
          numbers.slice(index * columns, (index + 1) * columns).map((number, column) => (
            <li
              key={number}
              aria-posinset={index * columns + column + 1}
              aria-setsize={numbers.length}
              style={{
                width: side,
                height: row - GAP,
                transform: `translate(${column * (side + GAP)}px, ${start - top}px)`,
              }}
            >
              <Card job={job} number={number} compare={compare} />
            </li>
          )),
        )}
    </ul>
    </div>
  )
}
