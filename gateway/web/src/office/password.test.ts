import { test } from 'node:test';
import assert from 'node:assert/strict';
import { strength } from './password';

test('a password is judged by its length first, and by what is easily guessed', () => {
  const cases: [string, string, ReturnType<typeof strength>][] = [
    ['', '', 'short'],
    ['elevenchars', '', 'short'],
    ['aaaaaaaaaaaaaaaaaaaa', '', 'weak'],
    ['password12345678', '', 'weak'],
    ['AzertyUiop!2345', '', 'weak'],
    ['ana-ruiz-forever', 'Ana-Ruiz', 'weak'],
    ['glaze kiln mugs', '', 'fair'],
    ['five mugs one kiln', '', 'good'],
    ['Kiln-at-1240-C', '', 'good'],
    ['éàüéàüñçøéàü', '', 'fair'],
  ];
  for (const [password, name, want] of cases) assert.equal(strength(password, name), want, password);
});
