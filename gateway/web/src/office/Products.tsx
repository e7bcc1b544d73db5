// The catalogue: what creators and moderators may pin.
import { signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api, path } from '../app/api';
import { count, t } from '../app/i18n';
import { page } from '../app/state';
import { may } from './account';
import { Ask, Dialog } from './Dialog';
import { Field, Refused, required, Select, useForm, type Values } from './form';
import { ImportProducts } from './ImportProducts';
import { endsField, isCurrency, isHTTPS, isPrice, MOST_PICTURE, priceOf, type Product, toBody } from './catalogue';
import { resource } from './resource';
import { sessions } from './Sessions';
import { when } from './when';

/** The session whose products are shown; empty: all of the event. */
const chosen = signal('');
const listOf = (session: string) => resource<Product>(session ? `products?session=${encodeURIComponent(session)}` : 'products');
const products = signal(listOf(''));

const titleOf = (session: string | undefined): string =>
  session ? (sessions.list.value?.find((s) => s.id === session)?.title ?? session) : t('products.event');

/** Whose products there are: of the event for those who run it, of a session for its people. */
export const owners = (): [string, string][] => [
  ...(may('users') ? [['', t('products.event')] as [string, string]] : []),
  ...(sessions.list.value ?? []).map((s): [string, string] => [s.id, s.title]),
];

const check = (v: Values) => ({
  ...required(v, 'title'),
  ...(!isPrice(v['price']) && { price: t('products.priceWrong') }),
  ...(!isCurrency(v['currency']) && { currency: t('products.currencyWrong') }),
  ...(!isHTTPS(v['url']) && { url: t('products.urlWrong') }),
  ...(v['picture_url']?.trim() && !isHTTPS(v['picture_url']) && { picture_url: t('products.urlWrong') }),
});

function ProductForm({ product: p, onClose }: { product?: Product; onClose: () => void }) {
  const file = useSignal<File | undefined>(undefined);
  const made = useSignal<Product | undefined>(p);
  const form = useForm(
    (v) => ({ ...check(v), ...(file.value && file.value.size > MOST_PICTURE && { picture: t('products.pictureBig') }) }),
    async (v) => {
      // A picture that is refused leaves the product that was made: trying again changes it.
      if (made.value) await api('PATCH', path('products', made.value.id), toBody(v, true));
      else made.value = await api<Product>('POST', 'products', toBody(v, false));
      const picture = file.value ?? (v['picture_url']?.trim() ? { picture_url: v['picture_url'].trim() } : undefined);
      if (picture) await api('PUT', `${path('products', made.value.id)}/picture`, picture);
      await products.value.load();
      onClose();
    },
  );
  return (
    <Dialog title={t(p ? 'products.change' : 'products.add')} onClose={onClose}>
      <form class="form" noValidate onSubmit={form.onSubmit}>
        <Field name="title" label={t('products.name')} error={form.errors['title']} defaultValue={p?.title ?? ''} maxLength={80} required />
        <div class="row">
          <Field name="price" label={t('products.price')} hint={t('products.priceHint')} error={form.errors['price']} defaultValue={p?.price ?? ''} maxLength={14} required />
          <Field name="currency" label={t('products.currency')} error={form.errors['currency']} defaultValue={p?.currency ?? 'EUR'} maxLength={3} required />
        </div>
        <Field name="url" label={t('products.url')} error={form.errors['url']} defaultValue={p?.url ?? ''} maxLength={1000} required />
        <div class="row">
          <Number name="stock" label={t('products.stock')} value={p?.stock} />
          <Field name="ends" label={t('products.ends')} type="datetime-local" defaultValue={endsField(p)} />
        </div>
        {!p && <Select name="session" label={t('products.session')} options={owners()} value={chosen.value || owners()[0]?.[0] || ''} />}
        <div class="field">
          <label for="picture">{t('products.picture')}</label>
          <input class="input" type="file" id="picture" accept="image/png,image/jpeg" aria-describedby={form.errors['picture'] && 'picture-error'} onChange={(e) => (file.value = e.currentTarget.files?.[0])} />
          {form.errors['picture'] && <p class="error" id="picture-error">{form.errors['picture']}</p>}
        </div>
        <Field name="picture_url" label={t('products.pictureUrl')} error={form.errors['picture_url']} autocomplete="off" />
        <Refused problem={form.problem} />
        <div class="actions end">
          <button type="button" class="button" onClick={onClose}>{t('office.cancel')}</button>
          <button class="button primary" disabled={form.busy}>{t('office.save')}</button>
        </div>
      </form>
    </Dialog>
  );
}

const Number = ({ name, label, value }: { name: string; label: string; value: number | undefined }) => (
  <div class="field">
    <label for={name}>{label}</label>
    <input class="input" type="number" id={name} name={name} min={0} max={1e9} step={1} defaultValue={value === undefined ? '' : String(value)} />
  </div>
);

function Line({ product: p, change, remove }: { product: Product; change: () => void; remove: () => void }) {
  return (
    <li class="line product">
      {p.picture ? <img class="product-picture" src={p.picture} alt="" width={56} height={56} loading="lazy" /> : <span class="product-picture" aria-hidden="true" />}
      <span class="line-name">
        {p.title} <span class="muted">{titleOf(p.session)}</span>
        {p.picture_error && <span class="error">{t('products.pictureError', { why: p.picture_error })}</span>}
      </span>
      <span class="figures product-price">{priceOf(p, page.lang)}</span>
      <span class="muted figures">{[p.stock !== undefined && count('products.stockLeft', p.stock), p.offer_ends && t('products.until', { when: when(p.offer_ends) })].filter(Boolean).join(' · ')}</span>
      <span class="actions">
        <button type="button" class="button small quiet" aria-label={t('products.editOf', { title: p.title })} onClick={change}>{t('products.edit')}</button>
        <button type="button" class="button small quiet" aria-label={t('products.deleteOf', { title: p.title })} onClick={remove}>{t('office.delete')}</button>
      </span>
    </li>
  );
}

export function Products() {
  const doing = useSignal<{ what: 'add' | 'change' | 'delete' | 'import'; product?: Product } | undefined>(undefined);
  const first = owners()[0]?.[0] ?? '';
  useEffect(() => {
    // Who does not run the event sees one session at a time.
    if (chosen.value === '' && first !== '') chosen.value = first;
  }, [first]);
  useEffect(() => {
    products.value = listOf(chosen.value);
    if (chosen.value !== '' || may('users')) void products.value.load();
  }, [chosen.value]);
  const list = products.value.list.value;
  const stop = () => (doing.value = undefined);
  const p = doing.value?.product;
  const choices = may('users') ? [['', t('products.all')] as [string, string], ...owners().slice(1)] : owners();
  return (
    <section class="office" aria-labelledby="products">
      <div class="office-head">
        <h2 id="products">{t('products.title')}</h2>
        <div class="actions">
          <button type="button" class="button" onClick={() => (doing.value = { what: 'import' })}>{t('products.import')}</button>
          <button type="button" class="button primary" onClick={() => (doing.value = { what: 'add' })}>{t('products.add')}</button>
        </div>
      </div>
      <div class="field slim">
        <label for="products-of">{t('products.of')}</label>
        <select id="products-of" class="input" value={chosen.value} onChange={(e) => (chosen.value = e.currentTarget.value)}>
          {choices.map(([id, title]) => <option key={id} value={id}>{title}</option>)}
        </select>
      </div>
      <Refused problem={products.value.problem.value} />
      {list?.length === 0 && <p class="muted">{t('products.none')}</p>}
      {list && list.length > 0 && (
        <ul class="panel rows">{list.map((x) => <Line key={x.id} product={x} change={() => (doing.value = { what: 'change', product: x })} remove={() => (doing.value = { what: 'delete', product: x })} />)}</ul>
      )}
      {doing.value?.what === 'add' && <ProductForm onClose={stop} />}
      {doing.value?.what === 'change' && p && <ProductForm product={p} onClose={stop} />}
      {doing.value?.what === 'import' && <ImportProducts session={chosen.value} owners={owners()} onDone={() => void products.value.load()} onClose={stop} />}
      {doing.value?.what === 'delete' && p && (
        <Ask title={t('products.deleteTitle', { title: p.title })} text={t('products.deleteText')} yes={t('office.delete')} onClose={stop}
          onYes={() => void products.value.act(() => api('DELETE', path('products', p.id)))} />
      )}
    </section>
  );
}
