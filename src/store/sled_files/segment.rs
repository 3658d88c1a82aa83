//! A segment of sled's database file, as far as its header tells of it.
//!
//! The file is a row of segments of one length. Each begins with a header of 20 bytes: the CRC-32 of the rest of the
//! header, the *log sequence number* (LSN) with which the segment begins, and the LSN up to which everything had been
//! written when the segment was begun. Numbers are little-endian and XORed with their highest value. A segment whose
//! records are all superseded is used again, with a higher LSN. (sled 0.34.7, `pagecache/logger.rs`.)

use std::{fs::File, io, os::unix::fs::FileExt};

/// The length of a segment; [`sled::Config`] is given it.
pub(in crate::store) const SEGMENT_BYTES: usize = 512 * 1024;

const HEADER_BYTES: usize = 20;

/// The header of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// The LSN with which the segment begins. A segment that is used again has a higher one.
    pub lsn: i64,
    /// Everything before this LSN had been written when the segment was begun.
    pub stable: i64,
}

impl Header {
    /// The header of the segment that begins at `place` of the file; none if there is no valid one.
    ///
    /// # Errors
    /// The error of the system if the file can't be read.
    pub(super) fn read(file: &File, place: u64) -> io::Result<Option<Self>> {
        let mut bytes = [0; HEADER_BYTES];
        match file.read_exact_at(&mut bytes, place) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            read => read.map(|()| Self::parse(&bytes)),
        }
    }

    fn parse(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let (crc, rest) = bytes.split_first_chunk()?;
        let (lsn, stable) = rest.split_first_chunk()?;
        let number = |bytes: [u8; 8]| i64::from_le_bytes(bytes) ^ i64::MAX;
        let is_valid = u32::from_le_bytes(*crc) ^ u32::MAX == crc32fast::hash(rest);
        is_valid.then_some(Self { lsn: number(*lsn), stable: number(stable.try_into().ok()?) })
    }
}

/// The CRC-32 of the segment that begins at `place`; none if the file ends before the segment does.
///
/// # Errors
/// The error of the system if the file can't be read.
pub(super) fn checksum(file: &File, place: u64) -> io::Result<Option<u32>> {
    let mut bytes = vec![0; SEGMENT_BYTES];
    match file.read_exact_at(&mut bytes, place) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        read => read.map(|()| Some(crc32fast::hash(&bytes))),
    }
}
