// The player's controls, from media-chrome. build.mjs reads this list: the inline
// styles of exactly these elements are allowed by the Content Security Policy.
import 'media-chrome/dist/media-controller.js';
import 'media-chrome/dist/media-control-bar.js';
import 'media-chrome/dist/media-play-button.js';
import 'media-chrome/dist/media-mute-button.js';
import 'media-chrome/dist/media-volume-range.js';
import 'media-chrome/dist/media-pip-button.js';
import 'media-chrome/dist/media-fullscreen-button.js';
import 'media-chrome/dist/media-tooltip.js';
import 'media-chrome/dist/media-gesture-receiver.js';
import { setLanguage } from 'media-chrome/dist/utils/i18n.js';
import { page } from '../app/state';

// English is built in. The words are read when an element is made, so they
// must be there before.
setLanguage(page.lang);
if (page.lang === 'fr') await import('media-chrome/dist/lang/fr.js');
