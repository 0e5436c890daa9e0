/** The mark: a pediment on three columns. Decorative; its link carries the name. */
export const Logo = () => (
  <svg class="logo" viewBox="0 0 64 64" aria-hidden="true" focusable="false">
    <path d="M32 8 58 23v4H6v-4z" />
    <path d="M11 30h8v20h-8zM28 30h8v20h-8zM45 30h8v20h-8z" />
    <path d="M6 53h52v5H6z" />
  </svg>
);

const COLUMNS = [0, 1, 2, 3, 4, 5, 6];

/** A colonnade at the side of the road; with `alive` a light walks along it. */
export const Colonnade = ({ alive = false }: { alive?: boolean }) => (
  <svg class={alive ? 'colonnade alive' : 'colonnade'} viewBox="0 0 280 104" aria-hidden="true" focusable="false">
    <path class="entablature" d="M8 14h264v6H8zM14 22h252v7H14z" />
    {COLUMNS.map((column) => (
      <g class="column" key={column} transform={`translate(${24 + column * 36} 31)`}>
        <path d="M-1 0h18v4H-1z" />
        <path d="M2 6h12l1 52H1z" />
        <path class="flute" d="M6 8v49M10 8v49" />
        <path d="M-2 59h20v4H-2z" />
      </g>
    ))}
    <path class="steps" d="M6 96h268v4H6zM0 101h280v3H0z" />
  </svg>
);
