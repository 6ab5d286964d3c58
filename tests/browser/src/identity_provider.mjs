// An OpenID provider of a test's own, which takes everybody's word for who they are. Its arguments are the file of the package
// oidc-provider, where it leads browsers back to, and the client's id and secret. It tells its issuer, and ends with its input.
// An address that begins with "unverified" is not verified.
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const [library, back, client, secret] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(library));
const page = `<!doctype html><html lang="en"><title>Who are you?</title>
<form method="post"><label>E-mail <input name="email"></label> <button>Continue</button> <button name="cancel" value="1">Cancel</button></form>`;

const server = createServer(async (request, response) => {
    if (!request.url.startsWith("/who/")) return answer(request, response);
    if (request.method === "GET") return response.setHeader("content-type", "text/html").end(page);
    let posted = "";
    for await (const chunk of request) posted += chunk;
    const form = new URLSearchParams(posted);
    const cancelled = { error: "access_denied", error_description: "<b>cancelled</b>" };
    const result = form.has("cancel") ? cancelled : { login: { accountId: form.get("email") } };
    return provider.interactionFinished(request, response, result);
});
await new Promise(listening => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
    clients: [{ client_id: client, client_secret: secret, redirect_uris: [back] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    cookies: { keys: ["a test's own"] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_, id) => ({
        accountId: id,
        claims: () => ({ sub: `person-${id}`, email: id, email_verified: !id.startsWith("unverified") }),
    }),
    interactions: { url: (_, interaction) => `/who/${interaction.uid}` },
    // Nobody is asked whether the portal may know the address.
    loadExistingGrant: async ({ oidc }) => {
        const grant = new oidc.provider.Grant({ clientId: client, accountId: oidc.session.accountId });
        grant.addOIDCScope("openid email");
        await grant.save();
        return grant;
    },
    pkce: { required: () => true },
});
const answer = provider.callback();
process.stdin.on("end", () => process.exit()).resume();
console.log(issuer);
