//! Where a redirect leads, as an address that may be configured instead.

use url::Url;

/// The address to configure as `rest_url`: what the redirect leads to, without the
/// resource that was asked for below `rest_url`. What follows `?` is left out, since
/// it may hold a session.
pub fn address_to_configure(rest_url: &Url, asked: &Url, location: &str) -> Option<String> {
    let mut address = asked.join(location).ok()?;
    address.set_query(None);
    address.set_fragment(None);
    // An address with a name in it is none to configure.
    address.set_username("").ok()?;
    address.set_password(None).ok()?;
    let base = rest_url.path().trim_end_matches('/');
    let resource = asked.path().strip_prefix(base)?;
    if let Some(path) = address.path().strip_suffix(resource) {
        let path = path.to_owned();
        address.set_path(&path);
    }
    Some(address.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_names_the_address_to_configure() {
        for (rest_url, location, expected) in [
            ("http://a:1", "https://b/topics/t", "https://b"),
            ("http://a:1/", "https://b:2/topics/t?x=1#y", "https://b:2"),
            ("http://a:1", "/kafka/topics/t", "http://a:1/kafka"),
            ("http://a:1/k/", "https://b/k/topics/t", "https://b/k"),
            (
                "http://a:1",
                "https://b/login?state=s3cret",
                "https://b/login",
            ),
            ("http://a:1", "https://u:p@b/topics/t", "https://b"),
        ] {
            let rest_url: Url = rest_url.parse().unwrap();
            let mut asked = rest_url.clone();
            asked
                .path_segments_mut()
                .unwrap()
                .pop_if_empty()
                .extend(["topics", "t"]);
            let address = address_to_configure(&rest_url, &asked, location);
            assert_eq!(address.as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_location_that_leads_nowhere_names_none() {
        let url: Url = "http://a:1".parse().unwrap();
        assert_eq!(address_to_configure(&url, &url, "http://"), None);
    }
}
