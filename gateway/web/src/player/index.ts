// What the watch page loads when there is something to play.
import './controls';
export { canPlay } from './hls';
export { Player } from './player';
