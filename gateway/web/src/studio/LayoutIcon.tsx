import type { Layout } from '../stage/desk';

type Box = [x: number, y: number, w: number, h: number];

const boxes: Record<Layout, Box[]> = {
  auto: [[3, 4, 12, 7], [17, 4, 12, 7], [10, 13, 12, 5]],
  solo: [[2, 2, 28, 17]],
  'two-up': [[2, 5, 13, 11], [17, 5, 13, 11]],
  '1+2': [[2, 2, 18, 17], [22, 2, 8, 7.5], [22, 11.5, 8, 7.5]],
  '1+3': [[2, 2, 18, 17], [22, 2, 8, 4.5], [22, 8.2, 8, 4.5], [22, 14.4, 8, 4.6]],
  pip: [[2, 2, 28, 17], [20, 12, 8, 5]],
  grid: [[2, 2, 13, 7.5], [17, 2, 13, 7.5], [2, 11.5, 13, 7.5], [17, 11.5, 13, 7.5]],
};

/** A layout as a small drawing. */
export const LayoutIcon = ({ layout }: { layout: Layout }) => (
  <svg class="layout-icon" viewBox="0 0 32 21" aria-hidden="true">
    {boxes[layout].map(([x, y, width, height], i) => (
      <rect key={i} x={x} y={y} width={width} height={height} rx="1.5" class={layout === 'pip' && i === 1 ? 'over' : undefined} />
    ))}
  </svg>
);
