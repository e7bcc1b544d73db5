// The products at the desk: one press pins one to the picture of now.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api, path, sentence } from '../app/api';
import { t } from '../app/i18n';
import type { Audience } from './audience';
import { Picture, price } from './Pins';
import type { Product } from '../office/catalogue';
import type { Pin } from './types';

const endOf = (pin: Pin): number => Date.parse(pin.start) + pin.seconds * 1000;

export function Products({ room, live }: { room: Audience; live: boolean }) {
  const products = useSignal<Product[] | undefined>(undefined);
  const problem = useSignal('');
  const now = useSignal(Date.now());
  const pins = path('sessions', room.session) + '/pins';
  useEffect(() => {
    api<Product[] | null>('GET', `products?session=${encodeURIComponent(room.session)}`).then(
      (a) => (products.value = a ?? []),
      (error: unknown) => (problem.value = sentence(error)),
    );
    const timer = setInterval(() => (now.value = Date.now()), 1000);
    return () => clearInterval(timer);
  }, [room]);
  const act = async (method: 'POST' | 'DELETE', what: string, body?: unknown) => {
    problem.value = '';
    await api(method, what, body).catch((error: unknown) => (problem.value = sentence(error)));
  };
  return (
    <div class="products">
      {problem.value && <p class="problem" role="alert">{problem.value}</p>}
      {!live && <p class="hint">{t('shop.notLive')}</p>}
      {products.value?.length === 0 && <p class="log-word">{t('shop.noProducts')}</p>}
      <ul class="pin-list">
        {products.value?.map((product) => {
          const pin = room.pins.value.find((p) => p.product === product.id && endOf(p) > now.value);
          return (
            <li class="pin-row" key={product.id}>
              <Picture of={product} />
              <div class="pin-text">
                <p class="pin-name" dir="auto">{product.title}</p>
                <p class="hint figures">{price(product)}{pin && <> · <b>{t('shop.pinned')}</b></>}</p>
              </div>
              {pin
                ? <button type="button" class="button small" aria-label={t('shop.unpinProduct', { title: product.title })} onClick={() => void act('DELETE', `${pins}/${encodeURIComponent(pin.id)}`)}>{t('shop.unpin')}</button>
                : <button type="button" class="button small primary" disabled={!live} aria-label={t('shop.pinProduct', { title: product.title })} onClick={() => void act('POST', pins, { product: product.id })}>{t('shop.pin')}</button>}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
