//! Weighing each pixel with its two neighbours along an axis. Edge pixels are their own neighbours.

use alloc::vec::Vec;

/// Writes `weigh(left, own, right)` of every pixel to `out`.
pub(super) fn along_rows<A: Copy, B>(values: &[A], width: usize, out: &mut Vec<B>, weigh: impl Fn(A, A, A) -> B) {
    out.clear();
    for row in values.chunks_exact(width) {
        out.extend((0..width).map(|x| weigh(row[x.saturating_sub(1)], row[x], row[(x + 1).min(width - 1)])));
    }
}

/// Writes `weigh(above, own, below)` of every pixel to `out`.
pub(super) fn along_columns<A: Copy, B>(values: &[A], width: usize, out: &mut Vec<B>, weigh: impl Fn(A, A, A) -> B) {
    out.clear();
    let height = values.len() / width;
    let row = |y: usize| &values[y * width..][..width];
    for y in 0..height {
        let (above, own, below) = (row(y.saturating_sub(1)), row(y), row((y + 1).min(height - 1)));
        out.extend(above.iter().zip(own).zip(below).map(|((&above, &own), &below)| weigh(above, own, below)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_lie_beside_and_edges_repeat() {
        let (mut rows, mut columns) = (Vec::new(), Vec::new());
        along_rows(&[1, 2, 3, 4, 5, 6], 3, &mut rows, |left, own, right| [left, own, right]);
        assert_eq!(rows, [[1, 1, 2], [1, 2, 3], [2, 3, 3], [4, 4, 5], [4, 5, 6], [5, 6, 6]]);
        along_columns(&[1, 2, 3, 4, 5, 6], 2, &mut columns, |above, own, below| [above, own, below]);
        assert_eq!(columns, [[1, 1, 3], [2, 2, 4], [1, 3, 5], [2, 4, 6], [3, 5, 5], [4, 6, 6]]);
    }
}
