//! The form of a backup: a line of text, then frames, each behind its length; the last one has the digest of all
//! before.

use std::io::{self, ErrorKind, Read, Write};

use prost::Message;
use sha2::{Digest, Sha256};

use super::Error;

/// The messages as compiled from `proto/`.
#[allow(missing_docs, reason = "generated; documented in the .proto file")]
pub(super) mod proto {
    include!(concat!(env!("OUT_DIR"), "/usher.backup.v1.rs"));
}

pub(super) use proto::frame::Content;

/// The first bytes of each backup. A later form has another number.
const MAGIC: &[u8] = b"usher backup 1\n";
/// The common prefix of all forms.
const ANY_MAGIC: &[u8] = b"usher backup ";
/// The longest frame, in bytes: twice the longest record. A length beyond it is damage, and no memory is given to it.
const MAX_FRAME_BYTES: usize = 32 * 1024 * 1024;

/// Writes an archive.
pub(super) struct Writer<W: Write> {
    out: W,
    digest: Sha256,
    bytes: u64,
    records: u64,
}

impl<W: Write> Writer<W> {
    /// Begins an archive in `out`.
    ///
    /// # Errors
    /// [`Error::Write`] if `out` can't be written.
    pub fn begin(out: W) -> Result<Self, Error> {
        let mut writer = Self { out, digest: Sha256::new(), bytes: 0, records: 0 };
        writer.put(MAGIC)?;
        Ok(writer)
    }

    /// Adds a frame.
    ///
    /// # Errors
    /// [`Error::Write`] if it can't be written, [`Error::Damaged`] if the frame is longer than a reader takes.
    pub fn add(&mut self, content: Content) -> Result<(), Error> {
        if let Content::Batch(batch) = &content {
            self.records += batch.records.len() as u64;
        }
        let frame = proto::Frame { content: Some(content) }.encode_to_vec();
        let length = u32::try_from(frame.len()).ok().filter(|_| frame.len() <= MAX_FRAME_BYTES);
        let length = length.ok_or(Error::Damaged("a record is too long"))?;
        self.put(&length.to_be_bytes())?;
        self.put(&frame)
    }

    /// Adds the end; gives the number of records, and of bytes.
    ///
    /// # Errors
    /// [`Error::Write`] if it can't be written.
    pub fn end(mut self) -> Result<(u64, u64), Error> {
        let sha256 = self.digest.clone().finalize().to_vec();
        self.add(Content::End(proto::End { records: self.records, sha256 }))?;
        self.out.flush().map_err(Error::Write)?;
        Ok((self.records, self.bytes))
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(Error::Write)
    }
}

/// Reads an archive.
pub(super) struct Reader<R: Read> {
    from: R,
    digest: Sha256,
    bytes: u64,
    records: u64,
    has_ended: bool,
}

impl<R: Read> Reader<R> {
    /// Reads what `from` begins with.
    ///
    /// # Errors
    /// [`Error::NotABackup`] if it begins otherwise, [`Error::Later`] if a later version made it, [`Error::Read`] if it
    /// can't be read.
    pub fn begin(from: R) -> Result<Self, Error> {
        let mut reader = Self { from, digest: Sha256::new(), bytes: 0, records: 0, has_ended: false };
        let mut magic = [0; MAGIC.len()];
        match reader.take(&mut magic) {
            Ok(()) if magic == MAGIC => Ok(reader),
            Ok(()) if magic.starts_with(ANY_MAGIC) => Err(Error::Later),
            Ok(()) | Err(Error::Cut) => Err(Error::NotABackup),
            Err(error) => Err(error),
        }
    }

    /// The next frame; none behind the end, which is checked and not given, and none behind an error.
    ///
    /// # Errors
    /// [`Error::Cut`] if it ends before its end, [`Error::Damaged`] if a frame or the checksum is wrong,
    /// [`Error::Read`] if it can't be read.
    pub fn next(&mut self) -> Result<Option<Content>, Error> {
        if self.has_ended {
            return Ok(None);
        }
        let next = self.frame();
        self.has_ended = !matches!(next, Ok(Some(_)));
        next
    }

    fn frame(&mut self) -> Result<Option<Content>, Error> {
        let before = self.digest.clone();
        let mut length = [0; 4];
        self.take(&mut length)?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > MAX_FRAME_BYTES {
            return Err(Error::Damaged("a length makes no sense"));
        }
        let mut frame = vec![0; length];
        self.take(&mut frame)?;
        let frame = proto::Frame::decode(&frame[..]).map_err(|_| Error::Damaged("a part of it can't be read"))?;
        match frame.content {
            Some(Content::End(end)) => {
                self.check(&end, before)?;
                Ok(None)
            }
            Some(content) => {
                if let Content::Batch(batch) = &content {
                    self.records += batch.records.len() as u64;
                }
                Ok(Some(content))
            }
            None => Err(Error::Damaged("a part of it is of no known kind")),
        }
    }

    /// The number of records and bytes read.
    pub fn read(&self) -> (u64, u64) {
        (self.records, self.bytes)
    }

    /// Whether all before `end` is as it was written, and nothing is behind it.
    fn check(&mut self, end: &proto::End, before: Sha256) -> Result<(), Error> {
        if before.finalize()[..] != end.sha256[..] || self.records != end.records {
            return Err(Error::Damaged("its checksum is another one"));
        }
        let mut more = [0];
        match self.from.read(&mut more) {
            Ok(0) => Ok(()),
            Ok(_) => Err(Error::Damaged("there is something behind its end")),
            Err(error) => Err(Error::Read(error)),
        }
    }

    fn take(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.from.read_exact(bytes).map_err(cut_or_unreadable)?;
        self.digest.update(&bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

fn cut_or_unreadable(error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::UnexpectedEof => Error::Cut,
        _ => Error::Read(error),
    }
}
