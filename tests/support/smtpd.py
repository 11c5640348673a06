"""An SMTP server on loopback that keeps each mail as a file, with the envelope beside it.

Arguments: folder, port (0 is any), tls (none, starttls or implicit), certificate, key. It prints its port, and ends with its input.
Whoever does not sign in as meldkluis with the password "geheim" is refused, and so is every recipient named refused@."""
import asyncio, json, logging, ssl, sys, uuid, warnings
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult

# It warns of what a test wants: passwords without TLS.
warnings.simplefilter("ignore")
logging.disable()
folder, port, tls, certificate, key = sys.argv[1:]


class Keep:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return f"550 5.1.1 no such mailbox: {address}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "greeting": session.host_name,
            "encrypted": session.ssl is not None or tls == "implicit",
            "content": envelope.content.decode("latin-1"),
        }
        Path(folder, uuid.uuid4().hex).write_text(json.dumps(mail))
        return "250 OK"


def authenticate(server, session, envelope, mechanism, login):
    right = (login.login, login.password) == (b"meldkluis", b"geheim")
    return AuthResult(success=right, handled=False)


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    return made


def session():
    starttls = {"tls_context": context(), "require_starttls": True} if tls == "starttls" else {}
    access = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    return SMTP(Keep(), hostname="localhost", **starttls, **access)


async def main():
    implicit = context() if tls == "implicit" else None
    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", int(port), ssl=implicit)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
