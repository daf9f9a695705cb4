//! Where a request comes from.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::Extensions;
use lambda_http::request::RequestContext;

/// A client's address: of IPv6 the first half, as whoever has one address of a network has all of them (RFC 6177).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address(IpAddr);

impl Address {
    /// As the connection says it, or API Gateway. What a client writes into its headers is not asked.
    pub(crate) fn of(extensions: &Extensions) -> Option<Self> {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        peer.or_else(|| source(extensions.get()?)).map(Self::from)
    }

    /// Whether it is this machine's own.
    pub fn is_loopback(&self) -> bool {
        match self.0 {
            IpAddr::V4(address) => address.is_loopback(),
            IpAddr::V6(address) => address == network(Ipv6Addr::LOCALHOST),
        }
    }
}

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.into()),
            IpAddr::V6(address) => Self(network(address).into()),
        }
    }
}

fn network(address: Ipv6Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)
}

fn source(context: &RequestContext) -> Option<IpAddr> {
    match context {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::from(text.parse::<IpAddr>().unwrap())
    }

    #[test]
    fn who_has_a_network_is_one() {
        assert_eq!(address("2001:db8:1:2::1"), address("2001:db8:1:2:ffff::9"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
        assert_ne!(address("192.0.2.1"), address("192.0.2.2"));
        assert!(address("::1").is_loopback() && address("127.0.0.9").is_loopback());
        assert!(!address("2001:db8::1").is_loopback() && !address("192.0.2.1").is_loopback());
    }

    #[test]
    fn a_lambda_is_told_by_the_gateway() {
        let request = lambda_http::request::from_str(
            r#"{"version": "2.0", "rawPath": "/me", "rawQueryString": "", "isBase64Encoded": false,
                "headers": {"x-forwarded-for": "198.51.100.9"}, "routeKey": "$default",
                "requestContext": {"http": {"method": "GET", "path": "/me", "sourceIp": "192.0.2.1"}}}"#,
        );
        assert_eq!(Address::of(request.unwrap().extensions()), Some(address("192.0.2.1")));
        assert_eq!(Address::of(&Extensions::new()), None);
    }
}
