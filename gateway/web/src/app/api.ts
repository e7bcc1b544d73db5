// The appliance's API, typed by the caller. Every refusal is a Problem whose
// message is a sentence for the person at the page.
import { t } from './i18n';

/** Why a request came to nothing (RFC 9457). status is 0 when no answer came. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    detail: string,
    /** Milliseconds to wait before asking again, when the server says so. */
    readonly waitMs?: number,
  ) {
    super(detail);
  }
}

/** What people read of a failure, whatever was thrown. */
export const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface Details {
  title?: string;
  detail?: string;
  errors?: { message?: string; location?: string }[];
}

/** Joins the segments of a path, each encoded: path('sessions', id, 'desk'). */
export const path = (...segments: string[]): string => segments.map(encodeURIComponent).join('/');

/**
 * Asks the API. `where` is below /api/v1/. A body that is a Blob is sent as it
 * is, anything else as JSON; an answer without content gives undefined.
 */
export async function api<T = void>(method: Method, where: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  const init: RequestInit = { method, headers, credentials: 'same-origin', ...(signal && { signal }) };
  if (body instanceof Blob) init.body = await contentOf(body);
  else if (body !== undefined) {
    headers['content-type'] = 'application/json';
    init.body = JSON.stringify(body);
  }
  const answer = await fetch(`/api/v1/${where}`, init).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new Problem(0, t('api.unreachable'));
  });
  if (!answer.ok) throw await problemOf(answer);
  const text = await answer.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** A file is read only now; when it was changed since it was chosen, browsers refuse. */
const contentOf = async (body: Blob): Promise<Blob> => {
  const content = await body.arrayBuffer().catch(() => {
    throw new Problem(0, t('api.fileChanged'));
  });
  return new Blob([content], { type: body.type });
};

/** The problem that an answer holds, in words even when it holds none. */
export async function problemOf(answer: Response): Promise<Problem> {
  const details = (await answer.json().catch(() => ({}))) as Details;
  const fields = details.errors?.map((e) => e.message).filter(Boolean).join(' ');
  const wait = Number(answer.headers.get('retry-after'));
  return new Problem(
    answer.status,
    details.detail || fields || details.title || t('api.failed', { status: answer.status }),
    wait > 0 ? wait * 1000 : undefined,
  );
}
