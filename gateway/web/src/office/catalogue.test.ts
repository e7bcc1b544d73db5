import { test } from 'node:test';
import assert from 'node:assert/strict';
import { isCurrency, isHTTPS, isPrice, priceOf, toBody } from './catalogue';

test('a price is a number without its currency', () => {
  for (const good of ['0', '24', '24.5', '24,50', ' 999999999.99 ']) assert.ok(isPrice(good), good);
  for (const bad of ['', '24.', '.5', '-1', '1e3', '24 EUR', '007', '1.000,00']) assert.ok(!isPrice(bad), bad);
  assert.ok(isCurrency('eur') && !isCurrency('€') && !isCurrency('EURO'));
});

test('links lead to https and nowhere else', () => {
  for (const good of ['https://shop.example/mug', ' https://shop.example ']) assert.ok(isHTTPS(good), good);
  for (const bad of ['', 'http://shop.example', 'javascript:alert(1)', 'https://', 'https:///x', 'shop.example', 'https:\\\\shop.example']) assert.ok(!isHTTPS(bad), bad);
});

test('what a change leaves empty is taken away; what a new one leaves empty is not said', () => {
  const v = { title: ' Mug ', price: '24,50', currency: 'eur', url: 'https://shop.example', stock: '', ends: '', session: 'studio' };
  assert.deepEqual(toBody(v, false), { title: 'Mug', price: '24.50', currency: 'EUR', url: 'https://shop.example', session: 'studio' });
  assert.deepEqual(toBody(v, true), { title: 'Mug', price: '24.50', currency: 'EUR', url: 'https://shop.example', stock: -1, offer_ends: '0001-01-01T00:00:00Z' });
  assert.equal(toBody({ ...v, stock: '0' }, true)['stock'], 0);
});

test('a price is written in the way of the language', () => {
  assert.equal(priceOf({ price: '24.50', currency: 'EUR' }, 'en'), '€24.50');
  assert.equal(priceOf({ price: '24.50', currency: '??' }, 'en'), '24.50 ??');
});
