import { test } from 'node:test';
import assert from 'node:assert/strict';
import { ownPath, setupToken } from './paths';

test('signing in leads to own paths only', () => {
  for (const next of [null, '', 'admin', '//evil.example', 'https://evil.example/', '/\\evil.example', '/\t/evil.example', 'javascript:alert(1)']) {
    assert.equal(ownPath(next), '/admin', String(next));
  }
  assert.equal(ownPath('/studio/glaze?x=1#y'), '/studio/glaze?x=1#y');
});

test('the setup token stands behind # or ?token=', () => {
  assert.equal(setupToken('#ABC', ''), 'ABC');
  assert.equal(setupToken('', '?token=DEF'), 'DEF');
  assert.equal(setupToken('', ''), '');
});
