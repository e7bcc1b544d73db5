import { test } from 'node:test';
import assert from 'node:assert/strict';
import { linesOf, linksOf } from './links';

test('links are lines of a label and an address', () => {
  assert.deepEqual(linksOf('My shop https://a.example/x\n\n https://b.example '), [
    { label: 'My shop', url: 'https://a.example/x' },
    { label: 'b.example', url: 'https://b.example' },
  ]);
  assert.deepEqual(linksOf(''), []);
  for (const bad of ['My shop', 'x javascript:alert(1)', 'http:/nothing', 'a https://b.example c']) assert.equal(linksOf(bad), undefined, bad);
});

test('what was read is written as it was', () => {
  const text = 'My shop https://a.example/x\nb https://b.example';
  assert.equal(linesOf(linksOf(text)!), text);
});
