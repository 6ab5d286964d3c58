use futures::{AsyncReadExt as _, TryStreamExt as _, stream};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::filtered_stream::FilteredStream;

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![kind, 0, 1];
    frame.extend_from_slice(&(payload.len() as u32).to_be_bytes());
    frame.extend_from_slice(payload);
    frame.push(0xCE);
    frame
}

/// A content header of a two-byte body, with these flags and properties.
fn header(flags: u16, properties: &[u8]) -> Vec<u8> {
    let mut payload = vec![0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
    payload.extend_from_slice(&flags.to_be_bytes());
    payload.extend_from_slice(properties);
    frame(HEADER, &payload)
}

fn short(text: &[u8]) -> Vec<u8> {
    [&[text.len() as u8], text].concat()
}

fn app_id(app_id: &[u8]) -> Vec<u8> {
    header(0x0008, &short(app_id))
}

fn deliver(delivery_tag: u64, routing_key: &[u8]) -> Vec<u8> {
    let tag = delivery_tag.to_be_bytes();
    frame(METHOD, &[&DELIVER, &*short(b"tag"), &tag, &[1], &short(b"x"), &short(routing_key)].concat())
}

/// The output for pieces that arrive one by one.
fn filtered(pieces: &[&[u8]]) -> io::Result<Vec<u8>> {
    let pieces = pieces.iter().filter(|piece| !piece.is_empty());
    let pieces: Vec<io::Result<Vec<u8>>> = pieces.map(|piece| Ok(piece.to_vec())).collect();
    let mut stream = FilteredStream::new(stream::iter(pieces).into_async_read());
    let mut through = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(stream.read_to_end(&mut through)).map(|_| through)
}

/// The frames of a stream: kind, channel, payload. Every byte must belong to a frame.
fn frames(mut bytes: &[u8]) -> Vec<(u8, [u8; 2], Vec<u8>)> {
    let mut frames = Vec::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<HEAD>() {
        let size = u32::from_be_bytes([head[3], head[4], head[5], head[6]]) as usize;
        assert_eq!(rest[size], 0xCE);
        frames.push((head[0], [head[1], head[2]], rest[..size].to_vec()));
        bytes = &rest[size + END..];
    }
    assert_eq!(bytes, b"");
    frames
}

fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let bytes = || vec(any::<u8>(), 0..40);
    prop_oneof![
        bytes().prop_map(|text| app_id(&text)),
        "\\PC{0,20}".prop_map(|text| app_id(text.as_bytes())),
        // Flags and properties that do not belong together, tables cut short.
        (any::<u16>(), bytes()).prop_map(|(flags, properties)| header(flags, &properties)),
        (any::<u64>(), bytes()).prop_map(|(tag, key)| deliver(tag, &key)),
        vec(any::<u8>(), 0..60_000).prop_map(|body| frame(3, &body)),
        Just(frame(8, b"")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn case_d3_lapin_can_read_every_frame_however_the_stream_is_cut(
        sent in vec(any_frame(), 0..6),
        cuts in vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let all = sent.concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(all.len() + 1)).collect();
        cuts.extend([0, all.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &all[ends[0]..ends[1]]).collect();
        let came = frames(&filtered(&pieces).expect("no long frame"));
        let sent = frames(&all);
        prop_assert_eq!(sent.len(), came.len());
        for ((kind, channel, sent), (kind_came, channel_came, came)) in sent.iter().zip(&came) {
            prop_assert_eq!((kind, channel), (kind_came, channel_came));
            match *kind {
                HEADER => {
                    prop_assert_eq!(&sent[..12], &came[..12]);
                    let (rest, properties) = basic::parse_properties(&came[12..]).expect("readable");
                    prop_assert!(rest.is_empty());
                    // Either unchanged or with a reason.
                    prop_assert_eq!(sent != came, unreadable(&properties).is_some());
                }
                METHOD => {
                    let (_, deliver) = basic::parse_deliver(&came[4..]).expect("readable");
                    prop_assert_eq!(&deliver.delivery_tag.to_be_bytes(), &sent[8..16]);
                    prop_assert!(sent == came || deliver.routing_key.as_str().is_empty());
                }
                _ => prop_assert_eq!(sent, came),
            }
        }
    }

    #[test]
    fn any_bytes_at_all_are_taken_in_bounded_memory(pieces in vec(vec(any::<u8>(), 0..200), 0..20)) {
        let mut filter = FrameFilter::default();
        for piece in &pieces {
            if filter.take(piece).is_err() {
                break;
            }
            prop_assert!(filter.incoming.len() < FRAME_MAX as usize);
        }
    }
}

#[test]
fn streams_that_are_readable_or_no_frames_pass_byte_for_byte() {
    let all = [app_id("Caf\u{e9}".as_bytes()), frame(3, b"{}"), frame(8, b"")].concat();
    for cut in 0..all.len() {
        assert_eq!(filtered(&[&all[..cut], &all[cut..]]).expect("frames"), all);
    }
    // A broker's refusal of the protocol, and a connection lost in the middle of a frame.
    for other in [b"AMQP\x00\x00\x09\x01".as_slice(), &all[..all.len() - 12]] {
        assert_eq!(filtered(&[other]).expect("passed"), other);
    }
}

#[test]
fn a_frame_longer_than_agreed_ends_the_stream_at_its_head() {
    let longest = frame(3, &vec![7; FRAME_MAX as usize - HEAD - END]);
    assert_eq!(filtered(&[&longest]).expect("allowed"), longest);
    for size in [FRAME_MAX - 7, u32::MAX] {
        let head = [&[3, 0, 1], size.to_be_bytes().as_slice()].concat();
        let refusal = filtered(&[&head]).expect_err("too long").to_string();
        assert!(refusal.contains("more than the agreed 131072"), "{refusal}");
    }
}

#[test]
fn case_d3_the_reason_names_the_property_that_is_not_utf8() {
    let table = [0, 0, 0, 0];
    // content_type, headers, delivery_mode, correlation_id, timestamp, app_id.
    let properties = [&*short(b"a/b"), &table, &[2], &short(b"id"), &[0; 8], &short(b"Caf\xe9")].concat();
    let told = |sent: Vec<u8>| {
        let came = frames(&filtered(&[&sent]).expect("frames")).remove(0).2;
        let (_, properties) = basic::parse_properties(&came[12..]).expect("readable");
        unreadable(&properties).expect("a reason")
    };
    assert_eq!(
        told(header(0xB448, &properties)),
        "app_id: the property is not UTF-8; write it as UTF-8 or leave it out"
    );
    assert_eq!(
        told(header(0x8000, &[9, b'a'])),
        "the message's AMQP properties cannot be read; leave out those that are not needed"
    );
}

#[test]
fn case_d3_a_routing_key_that_is_not_utf8_is_left_out() {
    let came = frames(&filtered(&[&deliver(9, b"\xe9y")]).expect("frames")).remove(0).2;
    let (_, deliver) = basic::parse_deliver(&came[4..]).expect("readable");
    assert_eq!((deliver.delivery_tag, deliver.redelivered), (9, true));
    assert_eq!((deliver.consumer_tag.as_str(), deliver.routing_key.as_str()), ("tag", ""));
}
