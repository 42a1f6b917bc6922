//! Where a request really comes from: through which proxies, by which address, under TLS or not.
//!
//! Anybody can write `X-Forwarded-For`. It is believed only as far as proxies of `trusted_proxies` wrote it: read from
//! the right, the first address that is none of them is the client's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName};

use super::state::App;
use crate::settings::{Network, ProxyHeader, Settings};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The address of whoever sent the request, as far as it can be known.
pub(super) fn address(request: &HttpRequest) -> IpAddr {
    let peer = peer(request);
    match request.app_data::<actix_web::web::Data<App>>() {
        Some(app) => behind_proxies(peer, request.headers(), &app.settings),
        None => peer,
    }
}

/// The other end of the connection: the client, or the last proxy.
pub(super) fn peer(request: &HttpRequest) -> IpAddr {
    request
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical())
}

/// What attempts are counted by: an IPv4 address, or the /64 network that an IPv6 customer has at the least.
pub(super) fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Whether the request came under TLS: to this server, or to a trusted proxy that says so.
pub(super) fn is_secure(request: &HttpRequest) -> bool {
    let Some(app) = request.app_data::<actix_web::web::Data<App>>() else {
        return false;
    };
    if app.settings.serves_tls() {
        return true;
    }
    let trusted = is_trusted(peer(request), &app.settings.trusted_proxies);
    let said = match app.settings.proxy_header {
        ProxyHeader::XForwardedFor => values(request.headers(), &X_FORWARDED_PROTO).pop(),
        ProxyHeader::Forwarded => values(request.headers(), &header::FORWARDED)
            .pop()
            .and_then(|hop| parameter(&hop, "proto")),
    };
    trusted && said.is_some_and(|said| said.eq_ignore_ascii_case("https"))
}

/// Whether the request carries a sign of having come through a proxy, trusted or not.
pub(super) fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(header::FORWARDED)
}

fn is_trusted(address: IpAddr, trusted: &[Network]) -> bool {
    trusted.iter().any(|network| network.contains(address))
}

/// The address before the first proxy that is trusted, going back from the peer.
fn behind_proxies(peer: IpAddr, headers: &HeaderMap, settings: &Settings) -> IpAddr {
    let hops: Vec<Option<IpAddr>> = match settings.proxy_header {
        ProxyHeader::XForwardedFor => values(headers, &X_FORWARDED_FOR)
            .iter()
            .map(|hop| without_port(hop))
            .collect(),
        ProxyHeader::Forwarded => values(headers, &header::FORWARDED)
            .iter()
            .map(|hop| parameter(hop, "for").and_then(|node| without_port(&node)))
            .collect(),
    };
    let mut client = peer;
    for hop in hops.iter().rev() {
        if !is_trusted(client, &settings.trusted_proxies) {
            break;
        }
        // What a trusted proxy wrote but nobody can read ends the chain: the proxy is the last that is known.
        let Some(before) = hop else {
            break;
        };
        client = *before;
    }
    client
}

/// The parts between commas of all lines of a header, in order.
fn values(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    headers
        .get_all(name)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|part| part.trim().to_owned())
        .collect()
}

/// A parameter of one hop of `Forwarded` (RFC 7239): `for=192.0.2.1;proto=https`.
fn parameter(hop: &str, name: &str) -> Option<String> {
    hop.split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim_matches('"').to_owned())
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`.
fn without_port(node: &str) -> Option<IpAddr> {
    let address = match node.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None if node.matches(':').count() == 1 => node.split(':').next().unwrap_or_default(),
        None => node,
    };
    address.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn client(peer: &str, proxy_header: ProxyHeader, lines: &[(&HeaderName, &str)]) -> String {
        let settings = Settings {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()],
            proxy_header,
            ..Settings::default()
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append((*name).clone(), HeaderValue::from_str(value).unwrap());
        }
        behind_proxies(peer.parse().unwrap(), &headers, &settings).to_string()
    }

    #[test]
    fn an_ipv6_customer_is_one_network() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let through = |peer: &str, value: &str| client(peer, ProxyHeader::XForwardedFor, &[(&X_FORWARDED_FOR, value)]);
        assert_eq!(through("203.0.113.9", "198.51.100.1"), "203.0.113.9");
        assert_eq!(through("10.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(
            through("10.0.0.1", "127.0.0.1, 198.51.100.1"),
            "198.51.100.1",
            "the client wrote the left one"
        );
        assert_eq!(through("10.0.0.1", "127.0.0.1, 198.51.100.1, 10.0.0.2"), "198.51.100.1");
        assert_eq!(through("::1", "[2001:db8::7]:4711"), "2001:db8::7");
        assert_eq!(through("10.0.0.1", "198.51.100.1:80"), "198.51.100.1");
        assert_eq!(through("10.0.0.1", "198.51.100.1, unknown"), "10.0.0.1");
        assert_eq!(through("10.0.0.1", ""), "10.0.0.1");
    }

    #[test]
    fn several_lines_of_the_header_are_one_list() {
        let lines = [(&X_FORWARDED_FOR, "127.0.0.1"), (&X_FORWARDED_FOR, "198.51.100.1")];
        assert_eq!(client("10.0.0.1", ProxyHeader::XForwardedFor, &lines), "198.51.100.1");
    }

    #[test]
    fn the_header_that_the_proxy_does_not_write_is_the_clients_and_ignored() {
        let lines = [
            (&X_FORWARDED_FOR, "198.51.100.1"),
            (&header::FORWARDED, "for=\"[2001:db8::7]\";proto=https"),
        ];
        assert_eq!(client("10.0.0.1", ProxyHeader::XForwardedFor, &lines), "198.51.100.1");
        assert_eq!(client("10.0.0.1", ProxyHeader::Forwarded, &lines), "2001:db8::7");
    }
}
