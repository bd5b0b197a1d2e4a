//! What fuzz targets do with an input, and what must hold then.
//!
//! Start at [`image::check`] and [`v8::check`]; [`repair`] makes images of inputs that no fuzzer would get past a digest.
//! Tests include this folder as it is, so it needs nothing but the crate under test, blake3 and serde_json.

pub mod image;
pub mod repair;
pub mod v8;

/// Asserts that a text for people has no character that moves their cursor.
fn assert_plain(text: &str) {
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
}
