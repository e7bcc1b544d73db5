import { type Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { t } from '../app/i18n';
import { recall, remember } from '../app/memory';
import type { Renditions } from '../player/engine';
import type { Player } from '../player/player';
import { Tick } from './icons';

const QUALITY = 'regie-quality';

/** What was chosen last time on this machine. */
export const preferredQuality = (): string => recall(QUALITY) ?? 'auto';

const nameOf = (choice: string): string => (choice === 'auto' ? t('quality.auto') : choice);

/** "720p", or what automatic has come to. */
const Label = ({ now }: { now: Renditions }) => <span class="figures">{now.using ?? nameOf(now.chosen)}</span>;

interface Props {
  player: Player;
  open: Signal<boolean>;
}

/** The rendition that plays, and the menu to choose another: the same for both deliveries. */
export function Quality({ player, open }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const now = player.renditions.value;
  const several = now !== undefined && now.renditions.length > 1;
  const items = () => [...(box.current?.querySelectorAll<HTMLElement>('[role=menuitemradio]') ?? [])];

  useEffect(() => {
    if (!open.value) return;
    items().find((i) => i.ariaChecked === 'true')?.focus();
    const outside = (e: Event) => e.composedPath().includes(box.current!) || (open.value = false);
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [open.value]);
  // Another delivery may have nothing to choose from.
  useEffect(() => {
    if (!several) open.value = false;
  }, [several]);
  if (!several) return null;

  const close = () => {
    open.value = false;
    box.current?.querySelector('button')?.focus();
  };
  const choose = (choice: string) => {
    remember(QUALITY, choice);
    player.chooseQuality(choice);
    close();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 };
    const target = to[event.key];
    if (event.key === 'Escape') close();
    else if (event.key === 'Tab') open.value = false;
    else if (target !== undefined) all[target % all.length]?.focus();
    event.stopPropagation(); // these are no keys of the player now
    if (event.key === 'Escape' || target !== undefined) event.preventDefault();
  };

  return (
    <div class="quality" ref={box}>
      <button
        type="button"
        class="quality-button"
        aria-haspopup="menu"
        aria-expanded={open.value}
        aria-label={t('quality.button', { chosen: nameOf(now.chosen), using: now.using ?? '' })}
        onClick={() => (open.value = !open.value)}
      >
        <Label now={now} />
      </button>
      {open.value && (
        <div class="menu" role="menu" aria-label={t('quality.title')} onKeyDown={onKeyDown}>
          {['auto', ...now.renditions.map((r) => r.name)].map((choice) => (
            <button
              type="button"
              role="menuitemradio"
              aria-checked={choice === now.chosen}
              tabIndex={-1}
              key={choice}
              onClick={() => choose(choice)}
            >
              <Tick />
              <span class="figures">{nameOf(choice)}</span>
              {choice === 'auto' && now.chosen === 'auto' && now.using && <span class="menu-note figures">{now.using}</span>}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
