import { t } from '../app/i18n';
import type { Level } from './level';

/** How loud the microphone is. The bar is for eyes; words say whether we hear. */
export const LevelMeter = ({ level }: { level: Level }) => (
  <div class="level">
    <div class="level-bar" aria-hidden="true">
      <svg viewBox="0 0 100 6" preserveAspectRatio="none"><rect width={level.value.value * 100} height="6" /></svg>
    </div>
    <p class="hint" role="status">{t(level.speaking.value ? 'check.heard' : 'check.speak')}</p>
  </div>
);
