// Products that the program shows: the card of now, and the drawer of all that the
// picture has reached.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { copy, useSaid } from '../app/copy';
import { clock, count, elapsed, t } from '../app/i18n';
import { page } from '../app/state';
import { Tag } from './icons';
import { linkTo } from './moments';
import type { Pin } from './types';

export function price({ price: amount, currency }: Pick<Pin, 'price' | 'currency'>): string {
  try {
    return new Intl.NumberFormat(page.lang, { style: 'currency', currency }).format(Number(amount));
  } catch {
    return `${amount} ${currency}`;
  }
}

export const Picture = ({ of }: { of: { picture?: string } }) => (
  <span class="pin-picture">{of.picture ? <img src={of.picture} alt="" loading="lazy" /> : <Tag />}</span>
);

/** "€14 · 32 left · offer ends in 1:05" */
const Facts = ({ pin }: { pin: Pin }) => (
  <p class="hint figures">
    {price(pin)}
    {pin.stock !== undefined && <> · {pin.stock === 0 ? t('shop.soldOut') : count('shop.left', pin.stock)}</>}
    <Offer until={pin.offer_ends} />
  </p>
);

function Offer({ until }: { until: string | undefined }) {
  const left = useSignal(0);
  useEffect(() => {
    if (!until) return;
    const look = () => (left.value = (Date.parse(until) - Date.now()) / 1000);
    look();
    const timer = setInterval(look, 1000);
    return () => clearInterval(timer);
  }, [until]);
  if (!until) return null;
  return <> · {left.value > 0 ? t('shop.offer', { time: elapsed(left.value) }) : t('shop.offerOver')}</>;
}

const Open = ({ pin }: { pin: Pin }) => (
  <a class="button primary" href={pin.link} target="_blank" rel="noopener" aria-label={t('shop.open', { title: pin.title })}>{t('shop.see')}</a>
);

/** What is pinned in the picture that is shown now. */
export const PinCards = ({ pins }: { pins: readonly Pin[] }) => (
  <div class="pin-cards" role="status">
    {pins.map((pin) => (
      <article class="pin-card" key={pin.id}>
        <Picture of={pin} />
        <div class="pin-text">
          <p class="hint">{t('shop.now')}</p>
          <h2 dir="auto">{pin.title}</h2>
          <Facts pin={pin} />
        </div>
        <Open pin={pin} />
      </article>
    ))}
  </div>
);

/** seek: goes to the moment; undefined where there is no way back. */
export function PinDrawer({ pins, seek }: { pins: readonly Pin[]; seek: (date: number) => (() => void) | undefined }) {
  if (pins.length === 0) return <p class="log-word">{t('shop.none')}</p>;
  return (
    <ul class="pin-list">
      {pins.map((pin) => (
        <li class="pin-row" key={pin.id}>
          <Picture of={pin} />
          <div class="pin-text">
            <p class="pin-name" dir="auto">{pin.title}</p>
            <Facts pin={pin} />
            <Moment pin={pin} go={seek(Date.parse(pin.start))} />
          </div>
          <Open pin={pin} />
        </li>
      ))}
    </ul>
  );
}

function Moment({ pin, go }: { pin: Pin; go: (() => void) | undefined }) {
  const [said, say] = useSaid();
  const at = Date.parse(pin.start);
  const time = clock(at);
  return (
    <p class="pin-moment">
      {go ? <button type="button" class="link figures" aria-label={t('shop.goTo', { time })} onClick={go}>{time}</button> : <time class="hint figures">{time}</time>}
      <button type="button" class="link" aria-label={t('shop.linkTo', { title: pin.title })} onClick={() => void copy(linkTo(location.href, at)).then(say)}><span role="status">{t(said ? 'share.copied' : 'shop.link')}</span></button>
    </p>
  );
}
