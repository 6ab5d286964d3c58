//! What customers type, and what becomes of it.

use proptest::prelude::*;

use super::*;
use crate::Bases;

#[test]
fn s_06_to_s_08_what_is_typed_becomes_a_host_two_bases_and_notes() {
    use Note::{Api, Blank, Dot, OtherName, Path, Query, Scheme};
    let bms = "bms.kaseya.com";
    let cases: &[(&str, &str, &[Note])] = &[
        // The regions, and the product's other names.
        ("bms.kaseya.com", bms, &[]),
        ("bmsemea.kaseya.com", "bmsemea.kaseya.com", &[]),
        ("bmsapac.kaseya.com", "bmsapac.kaseya.com", &[]),
        ("na1bmspreview.kaseya.com", "na1bmspreview.kaseya.com", &[]),
        ("vorexlogin.com", "vorexlogin.com", &[]),
        ("psa.pulseway.com", "psa.pulseway.com", &[]),
        ("BMS.Kaseya.com", bms, &[]),
        // The API's own names.
        ("api.bms.kaseya.com", bms, &[Api]),
        ("API.BMSEMEA.KASEYA.COM", "bmsemea.kaseya.com", &[Api]),
        ("api.vorexlogin.com", "vorexlogin.com", &[Api]),
        ("api.vorexlogin.kaseya.com", "vorexlogin.com", &[Api, OtherName]),
        ("https://api.psa.pulseway.com/swagger/index.html", "psa.pulseway.com", &[Scheme, Path, Api]),
        // What a browser's address line gives.
        ("https://bms.kaseya.com", bms, &[Scheme]),
        ("https://bms.kaseya.com/", bms, &[Scheme, Path]),
        ("http://bms.kaseya.com/login.aspx?user=a@b.example", bms, &[Scheme, Query, Path]),
        ("HTTPS://api.bms.kaseya.com/v2/x?y#z", bms, &[Scheme, Query, Path, Api]),
        ("bms.kaseya.com/api", bms, &[Path]),
        ("bms.kaseya.com\\login", bms, &[Path]),
        ("bms.kaseya.com?x=1", bms, &[Query]),
        ("bms.kaseya.com#top", bms, &[Query]),
        (" bms.kaseya.com", bms, &[Blank]),
        ("bms.kaseya.com\t\r\n", bms, &[Blank]),
        ("\u{a0}https://bms.kaseya.com./ ", bms, &[Blank, Scheme, Path, Dot]),
        ("bms.kaseya.com.", bms, &[Dot]),
        // An MSP's own domain, in any one script.
        ("psa.example-msp.co.uk", "psa.example-msp.co.uk", &[]),
        ("psa.bücher.example", "psa.xn--bcher-kva.example", &[]),
        ("psa.xn--bcher-kva.example", "psa.xn--bcher-kva.example", &[]),
        ("пса.пример.рф", "xn--80a3ag.xn--e1afmkfd.xn--p1ai", &[]),
        ("psa.例え.jp", "psa.xn--r8jz45g.jp", &[]),
        ("psa.日本語データ.jp", "psa.xn--5ckp3nu79rzlbtz6h.jp", &[]),
        ("psa.παράδειγμα.ελ", "psa.xn--hxajbheg2az3al.xn--qxam", &[]),
        ("psa.società.example", "psa.xn--societ-nta.example", &[]),
    ];
    for (typed, name, notes) in cases {
        let cleaned = Host::clean(typed).unwrap_or_else(|error| panic!("{typed:?}: {error}"));
        assert_eq!((cleaned.host.as_str(), cleaned.notes.as_slice()), (*name, *notes), "{typed:?}");
        let bases = Bases::new(&cleaned.host, None, None, &crate::AllowedHosts::default()).unwrap();
        assert_eq!(bases.v2.as_str(), format!("https://api.{name}/"));
        assert_eq!(bases.v1.as_str(), format!("https://{name}/api"));
        // A file accepts only names without a note, and offers the fix for the rest.
        match (Host::parse(typed), notes.first()) {
            (Ok(host), None) => assert_eq!(host, cleaned.host),
            (Err(error), Some(note)) => {
                assert_eq!(error.to_string(), format!("{note}: write only `{name}`"), "{typed:?}");
            }
            (parsed, note) => panic!("{typed:?}: {parsed:?} with {note:?}"),
        }
    }
}

#[test]
fn s_06_to_s_08_hosts_that_lead_elsewhere_are_refused_with_their_fix() {
    let no_fix = ": write only the name, such as `bms.kaseya.com`";
    let fix = ": write only `bms.kaseya.com`";
    let cases: &[(&str, &str, &str)] = &[
        ("", "the host is empty", no_fix),
        (" \t ", "the host is empty", no_fix),
        ("https://", "the host is not a full name", no_fix),
        ("bms. kaseya.com", "the host has a blank in it", fix),
        (
            "bms.kaseya.com\u{0}.evil.example",
            "the host has a blank in it",
            ": write only `bms.kaseya.com.evil.example`",
        ),
        ("admin@bms.kaseya.com", "the host has a user name (before @) in it", fix),
        ("https://admin:secret@bms.kaseya.com/", "the host has a user name (before @) in it", fix),
        ("bms.kaseya.com:8443", "the host has a port (from : on) behind it", fix),
        ("https://bms.kaseya.com:443/", "the host has a port (from : on) behind it", fix),
        ("127.0.0.1", "the host is an address, not a name", no_fix),
        ("http://2130706433/", "the host is an address, not a name", no_fix),
        ("0x7f.1", "the host is an address, not a name", no_fix),
        ("0177.0.0.1", "the host is an address, not a name", no_fix),
        ("①②⑦.⓪.⓪.①", "the host is an address, not a name", no_fix),
        ("[::1]", "the host is an address, not a name", no_fix),
        ("https://[::ffff:127.0.0.1]/", "the host is an address, not a name", no_fix),
        ("localhost", "the host is not a full name", no_fix),
        ("api.localhost", "the host is not a full name", no_fix),
        ("bms..kaseya.com", "the host is not a full name", no_fix),
        ("bms.kaseya.com..", "the host is not a full name", no_fix),
        ("bms_kaseya.com", "the host is not a full name", no_fix),
        ("bms.kaseya.com,evil.example", "the host is not a full name", no_fix),
    ];
    for (typed, fault, fix) in cases {
        if typed.contains('\u{0}') {
            // The name that would be left is a look-alike, and is not offered.
            assert_eq!(Host::clean(typed).unwrap_err().to_string(), format!("{fault}{no_fix}"));
            continue;
        }
        assert_eq!(Host::clean(typed).unwrap_err().to_string(), format!("{fault}{fix}"), "{typed:?}");
        assert_eq!(Host::parse(typed), Err(Host::clean(typed).unwrap_err()));
    }
}

#[test]
fn names_that_look_like_kaseyas_are_refused() {
    for (typed, known) in [
        ("bms.kаseya.com", "bms.kaseya.com"),
        ("bms.xn--kseya-4ve.com", "bms.kaseya.com"),
        ("bms.kaseуa.com", "bms.kaseya.com"),
        ("bms.kaseya.cοm", "bms.kaseya.com"),
        ("bms.kaseya.corn", "bms.kaseya.com"),
        ("api.bms.kаseya.com", "bms.kaseya.com"),
        ("kaseya.соm", "bms.kaseya.com"),
        ("bms.kaseya.com.evil.example", "bms.kaseya.com"),
        ("vorex1ogin.com", "vorexlogin.com"),
        ("vorexl0gin.com", "vorexlogin.com"),
        ("vοrexlogin.com", "vorexlogin.com"),
        ("vorexlogin.com.evil.example", "vorexlogin.com"),
        ("psa.pu1seway.com", "psa.pulseway.com"),
        ("psa.pulsewaу.com", "psa.pulseway.com"),
    ] {
        let error = Host::clean(typed).unwrap_err();
        let expected = format!("the host looks like `{known}` and is another: write only `{known}`");
        assert_eq!(error.to_string(), expected, "{typed}");
    }
    for typed in ["psа.example", "bücherи.example", "exαmple.com"] {
        let error = Host::clean(typed).unwrap_err();
        assert!(
            error.to_string().starts_with("the host mixes letters of several scripts"),
            "{typed}: {error}"
        );
    }
    // In Kaseya's own domain nothing is another's.
    for typed in ["brns.kaseya.com", "kaseya.com", "new.vorexlogin.com"] {
        assert!(Host::clean(typed).is_ok(), "{typed}");
    }
}

proptest! {
    #[test]
    fn what_is_taken_is_taken_again_as_it_is_and_makes_its_own_bases(
        typed in ".*|[a-z.:/@ ]{0,20}|(https://)?(api\\.)?[a-zа-я]{1,5}\\.com[/?#.]?",
    ) {
        if let Ok(Cleaned { host, .. }) = Host::clean(&typed) {
            prop_assert_eq!(&Host::parse(host.as_str()).unwrap(), &host);
            let bases = Bases::new(&host, None, None, &crate::AllowedHosts::default()).unwrap();
            let api = format!("api.{host}");
            prop_assert_eq!(bases.v2.host_str(), Some(api.as_str()));
            prop_assert_eq!(bases.v1.as_str(), format!("https://{host}/api"));
            prop_assert!(bases.v1.port().is_none() && bases.v1.username().is_empty());
        }
    }
}
