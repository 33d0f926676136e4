import { durationText, loadModelText } from '../load-model.ts';
import type { LoadModelText } from '../load-model.ts';
import type { Era } from '../load-plan.ts';
import type { LoadSettings } from './swarm-request.ts';

/** How requests are sent, as the fields of `POST /swarm` write it. */
export interface SettingsText extends LoadModelText {
  era: Era;
  requestTimeout: string;
}

/** The fields that give these settings. */
export function settingsText(settings: LoadSettings): SettingsText {
  const { era, requestTimeoutMs } = settings;
  return { ...loadModelText(settings), era, requestTimeout: durationText(requestTimeoutMs) };
}
