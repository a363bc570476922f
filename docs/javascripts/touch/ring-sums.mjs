// The ring of chapter 20: rows of k numbers, one number a piece, after some of its 2 (k - 1) steps.

const round = (rank, k) => ((rank % k) + k) % k;

// Which piece a process sends in a step: in the first half what it has just added to, then what it
// has just been given.
export function sends(rank, step, k) {
  return step < k - 1 ? round(rank - step, k) : round(rank + 1 - (step - (k - 1)), k);
}

export const stepsOf = (k) => 2 * (k - 1);

// What every process has in each piece, and how many processes' numbers are in it.
export function after(rows, steps) {
  const k = rows.length;
  const cells = rows.map((row) => row.map((value) => ({ value, of: 1 })));
  for (let step = 0; step < steps; step += 1) {
    const sent = cells.map((row, rank) => ({ ...row[sends(rank, step, k)] }));
    cells.forEach((row, rank) => {
      const from = round(rank - 1, k);
      const piece = sends(from, step, k);
      const came = sent[from];
      row[piece] = step < k - 1 ? { value: row[piece].value + came.value, of: came.of + 1 } : came;
    });
  }
  return cells;
}

// The messages of the step that comes next; none at the end.
export function messages(rows, steps) {
  const k = rows.length;
  if (steps >= stepsOf(k)) return [];
  const cells = after(rows, steps);
  return cells.map((row, from) => {
    const piece = sends(from, steps, k);
    return { from, to: round(from + 1, k), piece, value: row[piece].value };
  });
}

// Seconds, for M numbers a row: of so many steps of the ring, and of everything through process 0.
export const ringTime = (k, steps, M, alpha, beta) => steps * (alpha + (M / k) * beta);
export const starTime = (k, M, alpha, beta) => stepsOf(k) * (alpha + M * beta);
