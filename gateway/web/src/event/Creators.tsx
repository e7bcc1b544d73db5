// Who makes the event's sessions, as the audience sees them.
import { useSignal } from '@preact/signals';
import { api, path } from '../app/api';
import { t } from '../app/i18n';
import { Ask, Dialog } from '../office/Dialog';
import { Field, Refused, required, useForm } from '../office/form';
import { Area, Picture, pictureError, type Choice } from './fields';
import { linesOf, linksOf } from './links';
import { act, load, type Creator } from './schedule';

function CreatorForm({ creator, onClose }: { creator?: Creator; onClose: () => void }) {
  const choice = useSignal<Choice>({});
  const made = useSignal(creator);
  const form = useForm(
    (v) => ({
      ...required(v, 'name'),
      links: linksOf(v['links'] ?? '') === undefined ? t('event.linksWrong') : undefined,
      picture: pictureError(choice.value),
    }),
    async (v) => {
      const body = { name: v['name']!.trim(), bio: v['bio'] ?? '', links: linksOf(v['links'] ?? '') ?? [] };
      // A picture that is refused leaves the creator that was made: trying again changes them.
      if (made.value) await api('PATCH', path('event', 'creators', made.value.id), body);
      else made.value = await api<Creator>('POST', 'event/creators', body);
      const picture = path('event', 'creators', made.value.id, 'picture');
      if (choice.value.file) await api('PUT', picture, choice.value.file);
      else if (choice.value.remove) await api('DELETE', picture);
      await load();
      onClose();
    },
  );
  return (
    <Dialog title={t(creator ? 'event.creatorChange' : 'event.creatorAdd')} onClose={onClose}>
      <form class="form" noValidate onSubmit={form.onSubmit}>
        <Field name="name" label={t('office.name')} error={form.errors['name']} defaultValue={creator?.name ?? ''} maxLength={60} autocomplete="off" required />
        <Area name="bio" label={t('event.bio')} hint={t('event.markdown')} value={creator?.bio ?? ''} maxLength={10_000} />
        <Area name="links" label={t('event.links')} hint={t('event.linksHint')} error={form.errors['links']} value={linesOf(creator?.links)} />
        <Picture label={t('event.picture')} now={creator?.picture} choice={choice} error={form.errors['picture']} />
        <Refused problem={form.problem} />
        <div class="actions end">
          <button type="button" class="button" onClick={onClose}>{t('office.cancel')}</button>
          <button class="button primary" disabled={form.busy}>{t('office.save')}</button>
        </div>
      </form>
    </Dialog>
  );
}

export function Creators({ list }: { list: Creator[] }) {
  const doing = useSignal<{ what: 'add' | 'change' | 'delete'; creator?: Creator } | undefined>(undefined);
  const stop = () => (doing.value = undefined);
  const c = doing.value?.creator;
  return (
    <section class="office" aria-labelledby="event-creators">
      <div class="office-head">
        <h3 id="event-creators">{t('event.creators')}</h3>
        <button type="button" class="button" onClick={() => (doing.value = { what: 'add' })}>{t('event.creatorAdd')}</button>
      </div>
      {list.length === 0 && <p class="muted">{t('event.creatorsNone')}</p>}
      {list.length > 0 && (
        <ul class="rows panel">
          {list.map((x) => (
            <li class="line" key={x.id}>
              {x.picture ? <img class="thumb round" src={x.picture} alt="" loading="lazy" /> : <span class="thumb round" aria-hidden="true" />}
              <span class="line-name">{x.name}</span>
              <span class="actions">
                <button type="button" class="button small quiet" aria-label={`${t('admin.change')}: ${x.name}`} onClick={() => (doing.value = { what: 'change', creator: x })}>{t('admin.change')}</button>
                <button type="button" class="button small quiet" aria-label={`${t('office.delete')}: ${x.name}`} onClick={() => (doing.value = { what: 'delete', creator: x })}>{t('office.delete')}</button>
              </span>
            </li>
          ))}
        </ul>
      )}
      {doing.value && doing.value.what !== 'delete' && <CreatorForm {...(c && { creator: c })} onClose={stop} />}
      {doing.value?.what === 'delete' && c && (
        <Ask title={t('event.creatorDelete', { name: c.name })} text={t('event.creatorDeleteText')} yes={t('office.delete')} onClose={stop}
          onYes={() => void act(() => api('DELETE', path('event', 'creators', c.id)))} />
      )}
    </section>
  );
}
