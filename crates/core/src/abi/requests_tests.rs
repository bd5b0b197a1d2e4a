//! The descriptions of requests, compared with their numbers.

use super::*;
use alloc::string::String;

#[test]
fn every_request_is_described_once_in_order() {
    assert_eq!(REQUESTS.len(), Request::ALL.len());
    for (form, request) in REQUESTS.iter().zip(Request::ALL) {
        assert_eq!(form.request, *request);
        let squeezed: String = form.name.chars().filter(|c| *c != '_').collect();
        assert_eq!(squeezed, request.name().to_ascii_uppercase());
    }
}

#[test]
fn words_are_there_where_something_is_passed() {
    for form in REQUESTS {
        assert_eq!(matches!(form.input, Input::None), form.input_words.is_empty(), "{}", form.name);
        assert_eq!(form.argument.is_empty(), form.argument_words.is_empty(), "{}", form.name);
        assert!(!form.words.is_empty(), "{}", form.name);
    }
}
