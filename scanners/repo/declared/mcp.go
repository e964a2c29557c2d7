package declared

import (
	"cmp"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// mcpServer emits one server and what it carries. Something without a command
// or a URL is no server.
func (o *output) mcpServer(name string, line int, s node) {
	command := cmp.Or(s.get("command").text(), s.get("cmd").text(), s.get("command", "path").text())
	args := s.get("args").texts()
	if list := s.get("command").items(); len(list) > 0 {
		words := s.get("command").texts()
		command, args = words[0], append(words[1:len(words):len(words)], args...)
	}
	if words := strings.Fields(command); len(words) > 1 {
		// A whole command line: only its first word may be told.
		command, args = words[0], append(words[1:len(words):len(words)], args...)
	}
	address := cmp.Or(s.get("url").text(), s.get("serverUrl").text(), s.get("httpUrl").text(), s.get("uri").text())
	if command == "" && address == "" {
		return
	}
	id := o.id(inventory.KindIdentity, "mcp/"+name)
	attributes := map[string]string{"transport": "stdio"}
	third := inventory.Unknown
	if address != "" {
		attributes["transport"] = cmp.Or(clean(s.get("type").text()), "http")
		host, local := hostOf(address)
		if host != "" {
			attributes["host"] = host
			third = inventory.TriOf(!local)
		}
		if strings.HasPrefix(address, "http://") && !local {
			attributes["plaintext"] = "true"
		}
	} else {
		attributes["command"] = clean(path.Base(strings.ReplaceAll(command, `\`, "/")))
		if p := packageOf(command, args); p != "" {
			attributes["package"] = p
		}
	}
	disabled := inventory.Unknown
	if s.get("disabled").text() == "true" || s.get("enabled").text() == "false" {
		disabled = inventory.True
	}
	o.emit(inventory.Record{Identity: &inventory.Identity{
		ID: id, Type: "mcp.server", Scope: o.file.Scope, Name: clean(name), Disabled: disabled, ThirdParty: third,
		Agent: inventory.True, Declared: true, FoundAt: o.at(line), Attributes: attributes,
	}})
	o.serverSecrets(id, name, address, args, s)
}

// serverSecrets emits what a server carries in its environment, headers,
// arguments and URL.
func (o *output) serverSecrets(id, name, address string, args []string, s node) {
	for _, key := range []string{"env", "headers", "requestOptions", "http_headers", "env_vars", "environment", "envs"} {
		o.carried(id, "mcp/"+name, s.get(key))
	}
	o.carried(id, "mcp/"+name, s.get("command", "env"))
	o.carried(id, "mcp/"+name, s.get("requestOptions", "headers"))
	for i, arg := range args {
		flag, value, ok := strings.Cut(arg, "=")
		if !ok && i > 0 {
			flag, value = args[i-1], arg
		}
		if ok && i > 0 && (args[i-1] == "-e" || args[i-1] == "--env") {
			o.carry(id, "mcp/"+name+"/args", flag, value, cmp.Or(s.get("args").line(), s.line()))
		}
		if key, cut := strings.CutPrefix(flag, "-"); cut && value != flag {
			o.carry(id, "mcp/"+name+"/args", strings.TrimLeft(key, "-"), value, cmp.Or(s.get("args").line(), s.line()))
		}
		if header, value, ok := strings.Cut(arg, ":"); ok && !strings.Contains(header, "/") && i > 0 && strings.HasPrefix(args[i-1], "--header") {
			o.carry(id, "mcp/"+name+"/args", header, strings.TrimSpace(value), cmp.Or(s.get("args").line(), s.line()))
		}
	}
	if u, err := url.Parse(address); err == nil && address != "" {
		if password, ok := u.User.Password(); ok {
			o.carry(id, "mcp/"+name+"/url", "password", password, s.line())
		}
		for _, key := range sortedQuery(u) {
			o.carry(id, "mcp/"+name+"/url", key, u.Query().Get(key), s.line())
		}
	}
}

// carried emits the credentials in a mapping of names to values.
func (o *output) carried(id, at string, values node) {
	for _, p := range values.pairs() {
		o.carry(id, at, p.key, p.value.text(), p.line)
	}
}

// carry emits one value as a credential: as a reference if it names one, as a
// secret that lies open if its name or form says that it is one.
func (o *output) carry(id, at, key, value string, line int) {
	bare := strings.TrimPrefix(strings.TrimPrefix(value, "Bearer "), "Basic ")
	switch {
	case value == "" || !isSecretName(key) && !hasSecretForm(bare):
		return
	case isReference(value):
		ref := cmp.Or(referenceName(value), key)
		cred := o.idIn(inventory.KindCredential, o.file.Path, at+"/"+key)
		o.emit(inventory.Record{Credential: &inventory.Credential{
			ID: cred, Type: "ci.secret_reference", Scope: o.file.Scope, Name: ref, Store: referenceStore(value),
			FoundAt: o.at(line), Attributes: map[string]string{"variable": clean(key)},
		}})
		o.uses(id, cred, userKind(at), "", line)
	case isPlainSecret(bare):
		cred := o.plainSecret(at+"/"+key, bare, "agent_config", "agent configuration", line)
		o.uses(id, cred, userKind(at), "", line)
	}
}

// userKind names the kind of user that a credential is carried by.
func userKind(at string) string {
	if strings.HasPrefix(at, "agent") {
		return "agent"
	}
	return "mcp server"
}

// referenceStore says where a reference leads.
func referenceStore(value string) string {
	switch {
	case strings.Contains(value, "input:"):
		return "prompt"
	case strings.HasPrefix(value, "op://"):
		return "1password"
	default:
		return "environment"
	}
}

// hasSecretForm reports whether a value is a credential by its form alone.
func hasSecretForm(value string) bool {
	if len(value) < 20 || strings.ContainsAny(value, " \t\n") {
		return false
	}
	for _, p := range []string{"ghp_", "github_pat_", "gho_", "ghs_", "glpat-", "xoxb-", "xoxp-", "sk-ant-", "sk-proj-", "sk_live_", "npm_", "hf_", "AKIA", "AIza", "eyJ", "pplx-"} {
		if strings.HasPrefix(value, p) {
			return true
		}
	}
	u, err := url.Parse(value)
	if err != nil || u.User == nil {
		return false
	}
	password, ok := u.User.Password()
	return ok && isPlainSecret(password)
}

// hostOf returns the host of a URL and whether it is this machine.
func hostOf(address string) (host string, local bool) {
	u, err := url.Parse(address)
	if err != nil || strings.Contains(u.Host, "${") {
		return "", false
	}
	host = strings.ToLower(u.Hostname())
	local = host == "localhost" || host == "::1" || strings.HasPrefix(host, "127.") || host == "host.docker.internal" || host == "0.0.0.0"
	return clean(host), local
}

// packageOf returns the package or image that a runner such as npx fetches and
// runs: the first word that is neither an option nor the value of one.
func packageOf(command string, args []string) string {
	base := strings.TrimSuffix(path.Base(strings.ReplaceAll(command, `\`, "/")), ".cmd")
	if !slices.Contains([]string{"npx", "bunx", "pnpx", "uvx", "pipx", "docker", "podman", "deno"}, base) {
		return ""
	}
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "run" || a == "exec" || a == "container":
		case slices.Contains([]string{"--package", "-p", "--from", "--spec"}, a) && base != "docker" && base != "podman" && i+1 < len(args):
			return safeURL(args[i+1])
		case takesValue(a):
			i++
		case strings.HasPrefix(a, "-"), isSecretName(a), hasSecretForm(a), strings.Contains(a, "="):
		default:
			return safeURL(a)
		}
	}
	return ""
}

// safeURL returns a package, image or URL without a login or query in it.
func safeURL(text string) string {
	if at := strings.LastIndexByte(text, '@'); strings.Contains(text, "://") && at >= 0 {
		u, err := url.Parse(text)
		if err != nil {
			return ""
		}
		u.User, u.RawQuery, u.Fragment = nil, "", ""
		return clean(u.String())
	}
	text, _, _ = strings.Cut(text, "?")
	return clean(text)
}

// allowed tells which tools an agent may use without asking. What stands in
// brackets is kept only if it is a wildcard: command lines may hold anything.
func allowed(entries []string) string {
	var out []string
	for _, e := range entries {
		tool, inside, ok := strings.Cut(e, "(")
		switch {
		case strings.ContainsAny(tool, " \t=") || hasSecretForm(tool):
			continue
		case ok && strings.Trim(inside, "*:) ") != "":
			tool += "(…)"
		case ok:
			tool = e
		}
		if tool = clean(tool); !slices.Contains(out, tool) {
			out = append(out, tool)
		}
	}
	return clip(strings.Join(out, ","), 300)
}

// takesValue reports whether an option of a runner has its value in the next
// word.
func takesValue(option string) bool {
	return slices.Contains([]string{
		"-e", "--env", "--env-file", "-v", "--volume", "--mount", "--name", "--network", "--net", "-p", "--publish", "-w", "--workdir",
		"-u", "--user", "--entrypoint", "--platform", "--add-host", "-l", "--label", "--pull", "--with", "--python",
	}, option)
}

// sortedQuery returns the names of a URL's query parameters.
func sortedQuery(u *url.URL) []string {
	var keys []string
	for k := range u.Query() {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
