// The certified provider of OpenID Connect for Node, on loopback: `node certified.mjs ACCOUNTS BACK`.
// ACCOUNTS is JSON: what it says of each person, by the name that they type. It prints its issuer.

import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [accounts, back] = process.argv.slice(2);
const people = JSON.parse(accounts);

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: "newsletter",
      client_secret: "a secret of the provider",
      redirect_uris: [back],
    }],
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
    pkce: { required: () => true },
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
