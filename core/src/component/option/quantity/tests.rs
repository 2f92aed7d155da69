use proptest::prelude::*;
use serde_json::json;

use super::*;

fn refused(unit: Unit, text: &str) -> String {
    unit.parse(text).expect_err(text).to_string()
}

#[test]
fn durations_are_read_exactly() {
    for (text, millis) in [
        ("5m", 300_000),
        ("1h30m", 5_400_000),
        ("250ms", 250),
        (" 1 h  30 m ", 5_400_000),
        ("1.5s", 1_500),
        ("0.001s", 1),
        ("0ms", 0),
        ("1w2d", 777_600_000),
        ("1.50000000000000000000h", 5_400_000),
        ("007s", 7_000),
        ("18446744073709551615ms", u64::MAX),
    ] {
        assert_eq!(Unit::Millis.parse(text), Ok(millis), "{text}");
    }
}

#[test]
fn sizes_are_read_exactly() {
    for (text, bytes) in [
        ("64 MiB", 64 << 20),
        ("1.5 GB", 1_500_000_000),
        ("1.5GiB", 3 << 29),
        ("9007199254740993 B", 9_007_199_254_740_993),
        ("1 kB", 1_000),
        ("1 KB", 1_000),
        ("0 B", 0),
        ("15.999999999999999999132638262011596452794037759304046630859375 EiB", 0),
        ("18446744073709551615 B", u64::MAX),
    ] {
        // Sixty digits are refused, not rounded.
        let expected = if text.len() > 60 { Err(QuantityError::TooFine(Unit::Bytes)) } else { Ok(bytes) };
        assert_eq!(Unit::Bytes.parse(text), expected, "{text}");
    }
}

#[test]
fn a_mistake_says_what_would_work() {
    let sample = "use ms, s, m, h, d or w, as in \"1h30m\"";
    for (text, told) in [
        ("", "expected a duration such as \"5m\", \"1h30m\" or \"250ms\", or a whole number of milliseconds"),
        ("soon", "expected a duration such as"),
        ("-5m", "expected a duration such as"),
        ("5.m", "expected a duration such as"),
        ("5m!", "expected a duration such as"),
        ("1 0s", "expected a duration such as"),
        (
            "300",
            "a number in text needs a unit: write \"1h30m\", or the number of milliseconds without quotes",
        ),
        ("5 min", &format!("unknown unit \"min\"; {sample}; did you mean \"m\"?")),
        ("5 msec", &format!("unknown unit \"msec\"; {sample}; did you mean \"ms\"?")),
        ("5M", &format!("unknown unit \"M\"; {sample}; did you mean \"m\"?")),
        ("5µs", &format!("unknown unit \"µs\"; {sample}")),
        ("30m1h", "units go from large to small, each once, as in \"1h30m\""),
        ("5m5m", "units go from large to small, each once, as in \"1h30m\""),
        ("1.5ms", "is not a whole number of milliseconds, which is the finest there is"),
        ("18446744073709551616ms", "is more than 18446744073709551615 milliseconds, the most there is"),
        ("18446744073709551615ms1ms", "units go from large to small"),
        ("18446744073709551s 1000ms", "is more than 18446744073709551615 milliseconds, the most there is"),
        ("30500568905w", "is more than 18446744073709551615 milliseconds, the most there is"),
    ] {
        let refusal = refused(Unit::Millis, text);
        assert!(refusal.contains(told), "{text:?}: {refusal}\n  should tell\n  {told}");
    }
    for (text, told) in [
        ("64", "a number in text needs a unit: write \"64 MiB\", or the number of bytes without quotes"),
        ("64M", "did you mean \"MiB\" or \"MB\"?"),
        ("64 mb", "did you mean \"MiB\" or \"MB\"?"),
        ("1.5 B", "is not a whole number of bytes"),
        ("0.3 KiB", "is not a whole number of bytes"),
        ("1 GiB 5 MiB", "units go from large to small"),
        ("16 EiB", "is more than 18446744073709551615 bytes"),
        ("99999999999999999999 B", "is more than 18446744073709551615 bytes"),
    ] {
        let refusal = refused(Unit::Bytes, text);
        assert!(refusal.contains(told), "{text:?}: {refusal}\n  should tell\n  {told}");
    }
}

/// Somebody pastes a password into the wrong line: the message goes to a log.
#[test]
fn a_refusal_does_not_repeat_the_text() {
    for text in ["hunter2hunter2", "9correcthorsebattery", "5m correct horse", "7 correcthorse"] {
        for unit in [Unit::Millis, Unit::Bytes] {
            let refusal = refused(unit, text);
            assert!(!refusal.contains("correct") && !refusal.contains("hunter"), "{refusal}");
        }
    }
}

#[test]
fn a_value_of_a_configuration_is_a_whole_number_or_text() {
    assert_eq!(Unit::Millis.read(&json!(5)), Ok(5));
    assert_eq!(Unit::Millis.read(&json!("5s")), Ok(5_000));
    for other in [json!(-1), json!(1.5), json!(5.0), json!(true), json!(["5s"]), json!({}), json!(null)] {
        assert_eq!(Unit::Millis.read(&other), Err(QuantityError::NotOne(Unit::Millis)), "{other}");
    }
}

/// A whole number, often near where 64 bits end or a unit begins.
fn count() -> impl Strategy<Value = u64> {
    let near = |factor: u64| (0..1_000_u64).prop_map(move |by| factor.saturating_mul(by));
    let factors: Vec<u64> = DURATIONS.iter().chain(&SIZES).map(|(_, factor)| *factor).collect();
    prop_oneof![
        any::<u64>(),
        (0..1_000_u64).prop_map(|below| u64::MAX - below),
        proptest::sample::select(factors).prop_flat_map(near),
    ]
}

fn unit() -> impl Strategy<Value = Unit> {
    prop_oneof![Just(Unit::Millis), Just(Unit::Bytes)]
}

fn matches(unit: Unit, text: &str) -> bool {
    let pattern = match unit {
        Unit::Millis => DURATION_PATTERN,
        Unit::Bytes => SIZE_PATTERN,
    };
    regex::Regex::new(pattern).expect("a pattern").is_match(text)
}

proptest! {
    #[test]
    fn what_is_shown_is_read_back(unit in unit(), count in count()) {
        let shown = unit.show(count);
        prop_assert_eq!(unit.parse(&shown), Ok(count), "{}", shown);
    }

    #[test]
    fn a_fraction_is_exact_or_refused(whole in 0..1_000_000_u64, fraction in "[0-9]{1,12}", at in 0..6_usize) {
        let (name, factor) = DURATIONS[at];
        let text = format!("{whole}.{fraction}{name}");
        let scale = 10_u128.pow(u32::try_from(fraction.len()).expect("short"));
        let exact = (u128::from(whole) * scale + fraction.parse::<u128>().expect("digits")) * u128::from(factor);
        let expected = match exact % scale {
            0 => Ok(u64::try_from(exact / scale).expect("small")),
            _ => Err(QuantityError::TooFine(Unit::Millis)),
        };
        prop_assert_eq!(Unit::Millis.parse(&text), expected, "{}", text);
    }

    #[test]
    fn no_text_is_too_much_for_the_reader(unit in unit(), text in any::<String>()) {
        let _refused_or_not = unit.parse(&text);
    }

    /// An editor must not underline what the program takes.
    #[test]
    fn what_is_read_fits_the_pattern_of_the_schema(unit in unit(), text in "[ ]?([0-9]{1,3}(\\.[0-9])?[ ]?(w|d|h|m|s|ms|us|B|kB|KB|KiB|kiB|MB|MiB|mb)[ ]?){1,3}") {
        if unit.parse(&text).is_ok() {
            prop_assert!(matches(unit, &text), "{}", text);
        }
    }

    #[test]
    fn spaces_change_nothing(count in 1..1_000_u64, spaces in "[ \t]{0,3}") {
        let text = format!("{spaces}{count}{spaces}MiB{spaces}");
        prop_assert_eq!(Unit::Bytes.parse(&text), Ok(count << 20));
    }
}
