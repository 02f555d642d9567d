//! Grids of cells in octaves, which keep values of any size to a relative precision.

/// The cell of a value in a grid of `2^bits` equal cells an octave; values under `2^bits` have a cell each.
#[inline]
pub(super) fn cell(value: u64, bits: u32) -> usize {
    let shift = (63 - (value | 1).leading_zeros()).saturating_sub(bits);
    ((shift as usize) << bits) + (value >> shift) as usize
}

/// The least and the greatest value of a cell.
pub(super) fn bounds(cell: usize, bits: u32) -> (u64, u64) {
    let shift = (cell >> bits).saturating_sub(1);
    let least = ((cell - (shift << bits)) as u64) << shift;
    (least, least + ((1 << shift) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_tile_the_numbers() {
        for bits in [5, 9] {
            let mut next = 0;
            for i in 0..(64 - bits as usize) << bits {
                let (least, greatest) = bounds(i, bits);
                assert_eq!((least, cell(least, bits), cell(greatest, bits)), (next, i, i));
                next = greatest.wrapping_add(1);
            }
            assert_eq!(cell(u64::MAX, bits), ((65 - bits as usize) << bits) - 1);
        }
    }
}
