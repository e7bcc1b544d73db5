// What the API says of products, and the rules of their form.
import { fromField, toField } from './when';
import type { Values } from './form';

export interface Product {
  id: string;
  session?: string;
  title: string;
  price: string;
  currency: string;
  url: string;
  stock?: number;
  offer_ends?: string;
  picture?: string;
  /** Why the picture that an import named is not here. */
  picture_error?: string;
}

/** As large a picture as the server takes. */
export const MOST_PICTURE = 1 << 20;

export const isPrice = (s = ''): boolean => /^(0|[1-9]\d{0,8})([.,]\d{1,4})?$/.test(s.trim());
export const isCurrency = (s = ''): boolean => /^[A-Za-z]{3}$/.test(s.trim());

/** Whether text is an address that a browser may be sent to. */
export function isHTTPS(s = ''): boolean {
  const text = s.trim();
  return /^https:\/\/[^\s/\\]/.test(text) && URL.canParse(text);
}

/** A form's values as the API takes them. What a change leaves empty is taken away. */
export function toBody(v: Values, changing: boolean): Record<string, unknown> {
  const stock = v['stock']?.trim() ?? '';
  const ends = fromField(v['ends']);
  return {
    title: v['title']!.trim(), price: v['price']!.trim().replace(',', '.'), currency: v['currency']!.trim().toUpperCase(), url: v['url']!.trim(),
    ...(stock !== '' ? { stock: Number(stock) } : changing && { stock: -1 }),
    ...(ends !== undefined ? { offer_ends: ends } : changing && { offer_ends: '0001-01-01T00:00:00Z' }),
    ...(!changing && v['session'] && { session: v['session'] }),
  };
}

/** A price in the way of the reader's language. */
export function priceOf(p: Pick<Product, 'price' | 'currency'>, lang: string): string {
  try {
    return new Intl.NumberFormat(lang, { style: 'currency', currency: p.currency }).format(Number(p.price));
  } catch {
    return `${p.price} ${p.currency}`; // no currency that this browser knows
  }
}

export const endsField = (p?: Product): string => toField(p?.offer_ends);
