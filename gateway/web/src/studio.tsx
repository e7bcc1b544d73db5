// The host's desk: what viewers see, what they will see, and who is on stage. It
// sends from this browser, or stands beside an encoder as a return monitor.
import { render } from 'preact';
import { page } from './app/state';
import { Audience } from './room/audience';
import { Me } from './stage/me';
import { Media } from './stage/media';
import { Room } from './stage/room';
import { Desk } from './studio/Desk';

const room = new Room(page.session!);
const me = new Me(room, new Media(), 'host');
const main = document.getElementById('main')!;
main.replaceChildren(); // what stood in for the desk
const audience = new Audience(page.session!);
render(<Desk room={room} me={me} audience={audience} />, main);
room.start();
audience.start();
me.listen();
