// What viewers see, large, and beside it what they will see after Take.
import { t, elapsed } from '../app/i18n';
import { PROGRAM } from '../rtc/slots';
import { differs, person, type Desk, type Picture } from '../stage/desk';
import type { Me } from '../stage/me';
import type { Room } from '../stage/room';
import { initial, isDark, nameOf } from '../stage/Tile';
import { Video } from '../stage/Video';
import { layouts } from './keys';
import { LayoutIcon } from './LayoutIcon';

export function Program({ me, desk }: { me: Me; desk: Desk }) {
  const stream = me.returns.program.value;
  const link = me.returns.state.value;
  const live = desk.phase === 'live';
  return (
    <section class={`monitor program${live ? ' live' : ''}`} aria-label={t('desk.program')}>
      <h2 class="monitor-name">{t('desk.program')}</h2>
      <div class="monitor-picture" style={ratio(desk)}>
        {stream && link.at === 'connected' && (me.returns.blind.value ? <p class="monitor-words">{t('link.blind')}</p> : <Video stream={stream} label={t('desk.programLabel')} />)}
        {link.at === 'connected' && me.returns.still.value.has(PROGRAM) && <p class="monitor-words" role="status">{t('room.programPaused')}</p>}
        {link.at !== 'connected' && (
          <p class="monitor-words" role="status">
            {link.at === 'waiting' ? t('self.lost', { s: link.seconds, why: link.why }) : link.at === 'refused' ? t('desk.noReturn', { why: link.why }) : t('room.connecting')}
          </p>
        )}
        {desk.phase === 'ended' && <p class="monitor-words">{t('desk.ended')}</p>}
      </div>
    </section>
  );
}

const ratio = (desk: Desk) => ({ '--ratio': desk.width > 0 && desk.height > 0 ? `${desk.width} / ${desk.height}` : '16 / 9' });

export function Preview({ room, me, desk }: { room: Room; me: Me; desk: Desk }) {
  const { preview } = desk;
  const changed = differs(desk);
  return (
    <section class={`monitor preview${changed ? ' changed' : ''}`} aria-label={t('desk.preview')}>
      <h2 class="monitor-name">{t('desk.preview')} <span class="hint" role="status">{t(changed ? 'desk.previewDiffers' : 'desk.previewSame')}</span></h2>
      <div class="monitor-picture" style={ratio(desk)}>
        {preview.words ? <Slate room={room} desk={desk} /> : <Cells picture={preview} me={me} desk={desk} />}
      </div>
    </section>
  );
}

/** As the mixer draws it. */
function Slate({ room, desk }: { room: Room; desk: Desk }) {
  const { until } = desk.overlays;
  const left = until && desk.preview.slate === 'countdown' ? Math.max(0, Math.round((Date.parse(until) - room.now.value) / 1000)) : undefined;
  return (
    <div class="slate-picture">
      <p class="slate-title" dir="auto">{desk.title}</p>
      <p class="slate-words" dir="auto">{desk.preview.words}</p>
      {left !== undefined && <p class="slate-clock figures">{elapsed(left)}</p>}
    </div>
  );
}

const Cells = ({ picture, me, desk }: { picture: Picture; me: Me; desk: Desk }) => (
  <>
    {(picture.cells ?? []).map((cell) => {
      const p = person(desk, cell.participant);
      const stream = p && me.pictureOf(p);
      const ratio = (cell.w * desk.width) / (cell.h * desk.height);
      const [x, y, w, h] = [cell.x, cell.y, cell.w, cell.h].map((f) => `${f * 100}%`);
      return (
        <div class="cell" key={cell.participant} style={{ left: x, top: y, width: w, height: h }}>
          {p && (stream && !isDark(p) ? <Video stream={stream} ratio={ratio} whole={p.of !== undefined} label={t('tile.picture', { name: p.name })} /> : <span class="stage-initial" aria-hidden="true">{initial(p.name)}</span>)}
          <span class="cell-name">{p ? nameOf(p) : cell.participant}</span>
        </div>
      );
    })}
  </>
);

/** Layouts and slates go to preview; Take puts them on air. */
export function Switcher({ room, desk, take }: { room: Room; desk: Desk; take: (fade: boolean) => void }) {
  const layout = room.intents.of('preview.layout', desk.preview.layout);
  const slate = room.intents.of('preview.slate', desk.preview.slate ?? '');
  const changed = differs(desk);
  return (
    <section class="switcher" aria-label={t('desk.switcher')}>
      <div class="layouts" role="radiogroup" aria-label={t('desk.layouts')}>
        {layouts.map((l, key) => (
          <button type="button" role="radio" class="layout-button" key={l} aria-checked={layout === l && slate === ''} aria-keyshortcuts={String(key)}
            onClick={() => void room.preview({ layout: l, slate: '' })}>
            <LayoutIcon layout={l} />
            <span>{t(`layout.${l}`)}</span>
            <kbd aria-hidden="true">{key}</kbd>
          </button>
        ))}
      </div>
      <div class="slates" role="group" aria-label={t('desk.slates')}>
        {(['brb', 'countdown'] as const).map((s) => (
          <button type="button" class="button small" key={s} aria-pressed={slate === s} onClick={() => void room.preview({ slate: slate === s ? '' : s })}>{t(`desk.slate.${s}`)}</button>
        ))}
      </div>
      <div class="takes">
        <button type="button" class={`button${changed ? ' primary' : ''}`} aria-keyshortcuts="Enter" onClick={() => take(false)}>{t('desk.take')} <kbd aria-hidden="true">{t('desk.enter')}</kbd></button>
        <button type="button" class="button" onClick={() => take(true)}>{t('desk.takeFade')}</button>
      </div>
    </section>
  );
}
