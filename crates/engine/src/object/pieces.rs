//! Bytes that wait in a stream, in the pieces in which they came: a whole piece moves through without a copy.
//!
//! Start reading at [`Pieces::put`]. What is set aside is never much more than what waits: small pieces share a buffer.

use std::collections::VecDeque;

/// Bytes of a buffer for small pieces.
const BUFFER_BYTES: usize = 4096;
/// Bytes from which on a piece is kept as it is.
const WHOLE_BYTES_MIN: usize = 1024;
/// Bytes of a buffer that is kept for the next piece at most.
const SPARE_BYTES_MAX: usize = 64 << 10;

/// A queue of bytes.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    queue: VecDeque<Vec<u8>>,
    /// How many bytes of the first piece are gone.
    gone: usize,
    /// Of a piece that is gone: room for the next one.
    spare: Vec<u8>,
}

impl Pieces {
    /// Puts a copy of these bytes behind the others.
    pub(super) fn put(&mut self, mut bytes: &[u8]) {
        if let Some(last) = self.queue.back_mut() {
            let fits = bytes.len().min(last.capacity() - last.len());
            last.extend_from_slice(&bytes[..fits]);
            bytes = &bytes[fits..];
        }
        if bytes.is_empty() {
            return;
        }
        let mut piece = std::mem::take(&mut self.spare);
        piece.reserve_exact(bytes.len().max(BUFFER_BYTES));
        piece.extend_from_slice(bytes);
        self.queue.push_back(piece);
    }

    /// Puts a piece behind the others; as it is, unless it is small or holds much more room than bytes.
    pub(super) fn push(&mut self, piece: Vec<u8>) {
        if piece.len() < WHOLE_BYTES_MIN || piece.capacity() / 2 > piece.len() {
            self.put(&piece);
        } else {
            self.queue.push_back(piece);
        }
    }

    /// Moves the first bytes into `into`, which is not longer than what waits.
    pub(super) fn take(&mut self, mut into: &mut [u8]) {
        while !into.is_empty() {
            let Some(first) = self.queue.front() else { return };
            let left = &first[self.gone..];
            let count = left.len().min(into.len());
            let (now, later) = into.split_at_mut(count);
            now.copy_from_slice(&left[..count]);
            into = later;
            self.gone += count;
            if self.gone == first.len() {
                self.drop_first();
            }
        }
    }

    /// Takes the first piece, or what is left of it.
    pub(super) fn pop(&mut self) -> Option<Vec<u8>> {
        let mut piece = self.queue.pop_front()?;
        piece.drain(..std::mem::take(&mut self.gone));
        Some(piece)
    }

    fn drop_first(&mut self) {
        self.gone = 0;
        if let Some(mut piece) = self.queue.pop_front()
            && piece.capacity() <= SPARE_BYTES_MAX
        {
            piece.clear();
            self.spare = piece;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_piece_stays_where_it_is() {
        let mut pieces = Pieces::default();
        let piece = vec![7; 5000];
        let at = piece.as_ptr();
        pieces.push(piece);
        assert_eq!(pieces.pop().map(|piece| (piece.as_ptr(), piece.len())), Some((at, 5000)));
        assert_eq!(pieces.pop(), None);
    }

    #[test]
    fn what_is_set_aside_is_in_proportion() {
        let mut pieces = Pieces::default();
        for n in 0..100_000 {
            pieces.push(if n % 2 == 0 { vec![1] } else { Vec::with_capacity(1 << 10) });
        }
        let held: usize = pieces.queue.iter().map(|piece| piece.capacity() + size_of::<Vec<u8>>()).sum();
        assert!(held < 60_000, "{held} bytes for 50,000");
    }

    #[test]
    fn bytes_keep_their_order_however_they_come_and_go() {
        let mut seed = 7u32;
        let mut random = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) % below
        };
        let (mut pieces, mut model) = (Pieces::default(), VecDeque::<u8>::new());
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..random(3000)).map(|i| (i ^ random(256)) as u8).collect();
            match random(4) {
                0 => {
                    model.extend(&bytes);
                    pieces.put(&bytes);
                }
                1 => {
                    model.extend(&bytes);
                    pieces.push(bytes);
                }
                2 => {
                    let mut into = vec![0; model.len().min(bytes.len() * 2)];
                    pieces.take(&mut into);
                    assert!(model.drain(..into.len()).eq(into));
                }
                _ => {
                    let piece = pieces.pop().unwrap_or_default();
                    assert!(!piece.is_empty() || model.is_empty());
                    assert!(model.drain(..piece.len()).eq(piece));
                }
            }
        }
    }
}
