import { useId, useState } from 'react'

import { useAppDispatch, useAppSelector } from '../../app/store'
import { texts } from '../../texts'
import {
  BLENDS,
  changed,
  FORMATS,
  GRAVITIES,
  LIMITS,
  presetForgotten,
  presetKept,
  presetTaken,
  type Placement,
} from './placement'

/** Place, size and the rest as exact numbers. */
export function Controls() {
  const dispatch = useAppDispatch()
  const now = useAppSelector((state) => state.placement.now)
  const set = (change: Partial<Placement>) => dispatch(changed(change))
  return (
    <>
      <fieldset>
        <legend>{texts.where}</legend>
        <div className="gravities" role="radiogroup" aria-label={texts.where}>
          {GRAVITIES.map((gravity) => (
            <label key={gravity} title={texts.gravities[gravity]}>
              <input type="radio" name="gravity" checked={now.gravity === gravity} onChange={() => set({ gravity })} />
              <span className="visually-hidden">{texts.gravities[gravity]}</span>
            </label>
          ))}
        </div>
        <div className="numbers">
          {now.gravity ? (
            <Range name="margin" unit="%" value={now.margin} onChange={(margin) => set({ margin })} />
          ) : (
            <>
              <Exact name="x" value={now.x} onChange={(x) => set({ x })} />
              <Exact name="y" value={now.y} onChange={(y) => set({ y })} />
            </>
          )}
        </div>
      </fieldset>
      <fieldset>
        <legend>{texts.how}</legend>
        <div className="numbers">
          <Range name="size" unit="%" value={now.size} onChange={(size) => set({ size })} />
          <Range name="rotate" unit="°" value={now.rotate} onChange={(rotate) => set({ rotate })} />
          <Range name="opacity" unit="" step={0.05} value={now.opacity} onChange={(opacity) => set({ opacity })} />
          <label>
            {texts.blend}
            <select value={now.blend} onChange={(event) => set({ blend: event.target.value as Placement['blend'] })}>
              {BLENDS.map((blend) => (
                <option key={blend} value={blend}>
                  {texts.blends[blend]}
                </option>
              ))}
            </select>
          </label>
          <label className="check">
            <input type="checkbox" checked={now.tile} onChange={(event) => set({ tile: event.target.checked })} />
            {texts.tile}
          </label>
          {now.tile && <Range name="gap" unit="%" value={now.gap} onChange={(gap) => set({ gap })} />}
          {now.tile && <Range name="stagger" unit="" step={0.05} value={now.stagger} onChange={(stagger) => set({ stagger })} />}
          <label>
            {texts.format}
            <select value={now.format} onChange={(event) => set({ format: event.target.value as Placement['format'] })}>
              {FORMATS.map((format) => (
                <option key={format} value={format}>
                  {texts.formats[format]}
                </option>
              ))}
            </select>
          </label>
        </div>
      </fieldset>
      <Presets />
    </>
  )
}

interface NumberOf {
  name: keyof typeof LIMITS
  value: number
  step?: number
  onChange: (value: number) => void
}

function Exact(number: NumberOf) {
  return (
    <label>
      {texts.numbers[number.name]}
      <Typed {...number} />
    </label>
  )
}

function Range({ unit, ...number }: NumberOf & { unit: string }) {
  const { name, value, step = 1, onChange } = number
  const [least, most] = LIMITS[name]
  const id = useId()
  return (
    <div className="range">
      <label htmlFor={id}>{texts.numbers[name]}</label>
      <input
        id={id}
        type="range"
        min={least}
        max={most}
        step={step}
        value={value}
        aria-valuetext={`${value}${unit}`}
        onChange={(event) => onChange(event.target.valueAsNumber)}
      />
      <Typed {...number} label={texts.exactly(texts.numbers[name])} />
    </div>
  )
}

function Typed({ name, value, step = 1, onChange, label }: NumberOf & { label?: string }) {
  const [least, most] = LIMITS[name]
  // What is being typed may be no number yet.
  const [typed, setTyped] = useState<string>()
  return (
    <input
      type="number"
      aria-label={label}
      min={least}
      max={most}
      step={step}
      value={typed ?? value}
      onChange={(event) => {
        setTyped(event.target.value)
        if (Number.isFinite(event.target.valueAsNumber)) onChange(event.target.valueAsNumber)
      }}
      onBlur={() => setTyped(undefined)}
    />
  )
}

function Presets() {
  const dispatch = useAppDispatch()
  const presets = useAppSelector((state) => state.placement.presets)
  const [name, setName] = useState('')
  return (
    <fieldset className="presets">
      <legend>{texts.presets}</legend>
      <ul>
        {presets.map((preset) => (
          <li key={preset.name}>
            <button type="button" onClick={() => dispatch(presetTaken(preset.name))}>
              {preset.name}
            </button>
            <button
              type="button"
              className="quiet"
              aria-label={texts.forgetPreset(preset.name)}
              onClick={() => dispatch(presetForgotten(preset.name))}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() === '') return
          dispatch(presetKept(name.trim()))
          setName('')
        }}
      >
        <label>
          <span className="visually-hidden">{texts.presetName}</span>
          <input value={name} maxLength={40} placeholder={texts.presetName} onChange={(event) => setName(event.target.value)} />
        </label>
        <button type="submit" disabled={name.trim() === ''}>
          {texts.keepPreset}
        </button>
      </form>
    </fieldset>
  )
}
