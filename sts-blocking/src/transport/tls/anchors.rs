//! Mozilla's roots as certificates. They are compiled in as what a verifier needs of them: name, key and name
//! constraints (RFC 5280 §6.1.1 d). ureq takes a list of roots as certificates only, so each is put into one that
//! is otherwise empty and signed by nobody; rustls takes the three out again and looks at nothing else of a root.

use ureq::tls::Certificate;

pub(super) fn certificates() -> Vec<Certificate<'static>> {
    webpki_roots::TLS_SERVER_ROOTS
        .iter()
        .map(|anchor| {
            let constraints = anchor.name_constraints.as_deref();
            let der = certificate(&anchor.subject, &anchor.subject_public_key_info, constraints);
            Certificate::from_der(&der).to_owned()
        })
        .collect()
}

/// RFC 5280 §4.1, with what is inside of the subject's and of the key's sequence. The issuer's name, the validity and
/// the algorithm are empty.
fn certificate(subject: &[u8], key: &[u8], name_constraints: Option<&[u8]>) -> Vec<u8> {
    let nothing = value(SEQUENCE, &[]);
    let version_3 = value(VERSION, &value(INTEGER, &[2]));
    let serial = value(INTEGER, &[1]);
    let (subject, key) = (value(SEQUENCE, subject), value(SEQUENCE, key));
    let extensions = match name_constraints {
        Some(constraints) => {
            let inner = value(OCTETS, &value(SEQUENCE, constraints));
            let extension = value(SEQUENCE, &[&value(OID, NAME_CONSTRAINTS)[..], &inner].concat());
            value(EXTENSIONS, &value(SEQUENCE, &extension))
        }
        None => Vec::new(),
    };
    let parts: [&[u8]; 8] = [&version_3, &serial, &nothing, &nothing, &nothing, &subject, &key, &extensions];
    let signed = value(SEQUENCE, &parts.concat());
    value(SEQUENCE, &[&signed[..], &nothing, &value(BITS, &[0])].concat())
}

/// Tag, length, contents (X.690 §8.1, §10.1).
fn value(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    let length = contents.len().to_be_bytes();
    let bytes = length.iter().skip_while(|byte| **byte == 0).copied().collect::<Vec<u8>>();
    match bytes[..] {
        [] => der.push(0),
        [length] if length < 0x80 => der.push(length),
        _ => {
            der.push(0x80 | bytes.len() as u8);
            der.extend(bytes);
        }
    }
    der.extend(contents);
    der
}

const INTEGER: u8 = 0x02;
const BITS: u8 = 0x03;
const OCTETS: u8 = 0x04;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
/// 2.5.29.30
const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x1e];

#[cfg(all(test, any(feature = "ring", feature = "aws-lc")))]
mod tests {
    use rustls::RootCertStore;
    use rustls::pki_types::CertificateDer;

    use super::*;

    #[test]
    fn every_root_comes_out_as_it_went_in() {
        let certificates = certificates();
        let mut store = RootCertStore::empty();
        for certificate in &certificates {
            store.add(CertificateDer::from(certificate.der())).unwrap();
        }
        assert_eq!(store.roots, webpki_roots::TLS_SERVER_ROOTS);
    }

    #[test]
    fn name_constraints_come_out_too() {
        // No root has any at the time of writing, or few.
        let anchor = &webpki_roots::TLS_SERVER_ROOTS[0];
        // permittedSubtrees: the dns name "example".
        let constraints = value(0xa0, &value(SEQUENCE, &value(0x82, b"example")));
        let der = certificate(&anchor.subject, &anchor.subject_public_key_info, Some(&constraints));
        let mut store = RootCertStore::empty();
        store.add(CertificateDer::from(der)).unwrap();
        assert_eq!(store.roots[0].name_constraints.as_deref(), Some(&constraints[..]));
        assert_eq!(store.roots[0].subject, anchor.subject);
    }
}
