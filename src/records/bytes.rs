//! From the bytes of a file to UTF-8 text: unpacks gzip and zstd, and reads UTF-16. All of it streams.

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};

/// How much is read at a time.
const CHUNK: usize = 1 << 16;
/// How often a file may be packed within another.
const LAYERS: usize = 2;

/// Text, and what it was unpacked from, the outermost first.
pub(super) struct Text<'r> {
    pub from: Box<dyn BufRead + 'r>,
    pub layers: Vec<&'static str>,
}

/// What the first bytes of a file that is no text say.
const OTHERS: [(&[u8], &str); 7] = [
    (b"PK\x03\x04", "a ZIP archive or a spreadsheet"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\0", "an xz file"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"%PDF", "a PDF"),
];

/// Opens the text in some bytes.
///
/// # Errors
/// That they cannot be read, or are of a kind that is not unpacked: then the error says which.
pub(super) fn text<'r>(from: impl Read + 'r) -> io::Result<Text<'r>> {
    let mut from: Box<dyn Read + 'r> = Box::new(from);
    let mut layers = Vec::new();
    loop {
        let (head, whole) = peek(from)?;
        if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
            return Err(io::Error::new(ErrorKind::Unsupported, format!("this is {what}: unpack or export it first")));
        }
        if head.starts_with(&[0x1f, 0x8b]) && layers.len() < LAYERS {
            layers.push("gzip");
            from = Box::new(MultiGzDecoder::new(BufReader::with_capacity(CHUNK, whole)));
        } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) && layers.len() < LAYERS {
            layers.push("zstd");
            from = Box::new(Zstd { frame: None, source: Some(BufReader::with_capacity(CHUNK, whole)) });
        } else if let Some((is_little, mark)) = utf16(&head) {
            layers.push("UTF-16");
            let bytes = BufReader::with_capacity(CHUNK, whole);
            let units = Utf16 { bytes, is_little, skip: mark, high: None, ready: Cursor::new(Vec::new()) };
            return Ok(Text { from: Box::new(BufReader::with_capacity(CHUNK, units)), layers });
        } else {
            let mut from = BufReader::with_capacity(CHUNK, whole);
            if head.starts_with(b"\xef\xbb\xbf") {
                from.read_exact(&mut [0; 3])?;
            }
            return Ok(Text { from: Box::new(from), layers });
        }
    }
}

/// The first bytes, and all of them again.
fn peek<'r>(mut from: Box<dyn Read + 'r>) -> io::Result<(Vec<u8>, Box<dyn Read + 'r>)> {
    let mut head = Vec::new();
    from.by_ref().take(16).read_to_end(&mut head)?;
    Ok((head.clone(), Box::new(Cursor::new(head).chain(from))))
}

/// Whether the bytes are UTF-16, in which order, and how long its mark is. Without a mark it is known by the zeros of
/// its first letters.
fn utf16(head: &[u8]) -> Option<(bool, usize)> {
    match head {
        [0xff, 0xfe, ..] => Some((true, 2)),
        [0xfe, 0xff, ..] => Some((false, 2)),
        [a, 0, b, 0, ..] if *a != 0 && *b != 0 => Some((true, 0)),
        [0, a, 0, b, ..] if *a != 0 && *b != 0 => Some((false, 0)),
        _ => None,
    }
}

/// Frames of zstd one after another. Their checksums are compared.
struct Zstd<R: Read> {
    frame: Option<StreamingDecoder<R, FrameDecoder>>,
    source: Option<R>,
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("the zstd data {what}"))
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let read = frame.read(out).map_err(|error| damaged(&format!("cannot be unpacked: {error}")))?;
                if read > 0 || out.is_empty() {
                    return Ok(read);
                }
            }
            if let Some(frame) = self.frame.take() {
                let (source, decoder) = frame.into_parts();
                let said = decoder.get_checksum_from_data();
                if said.is_some() && said != decoder.get_calculated_checksum() {
                    return Err(damaged("do not have the checksum that they say"));
                }
                self.source = Some(source);
            }
            let Some(mut source) = self.source.take() else { return Ok(0) };
            if source.fill_buf()?.is_empty() {
                return Ok(0);
            }
            let frame = StreamingDecoder::new(source).map_err(|error| damaged(&format!("cannot be unpacked: {error}")));
            self.frame = Some(frame?);
        }
    }
}

/// UTF-16 as UTF-8. Halves of pairs become the sign for what cannot be read.
struct Utf16<R> {
    bytes: R,
    is_little: bool,
    skip: usize,
    high: Option<u16>,
    ready: Cursor<Vec<u8>>,
}

impl<R: BufRead> Utf16<R> {
    fn unit(&mut self) -> io::Result<Option<u16>> {
        let mut pair = [0; 2];
        let mut have = 0;
        while have < 2 {
            match self.bytes.read(&mut pair[have..])? {
                0 if have == 0 => return Ok(None),
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                more => have += more,
            }
        }
        Ok(Some(if self.is_little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }))
    }
}

impl<R: BufRead> Read for Utf16<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.skip > 0 {
            self.skip = 0;
            self.unit()?;
        }
        if self.ready.position() == self.ready.get_ref().len() as u64 {
            let mut units: Vec<u16> = self.high.take().into_iter().collect();
            while units.len() < CHUNK / 4 {
                match self.unit()? {
                    Some(unit) => units.push(unit),
                    None => break,
                }
            }
            // A pair may lie across two chunks.
            if units.len() > 1 {
                self.high = units.pop_if(|last| (0xd800..0xdc00).contains(last));
            }
            let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
            self.ready = Cursor::new(text.into_bytes());
        }
        self.ready.read(out)
    }
}
