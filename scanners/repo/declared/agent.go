package declared

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"

	"github.com/muster-nhi/muster/internal/inventory"
)

// isAgentPath reports whether a lower-case path is one where AI agents and
// editors keep their MCP servers, settings or agent definitions.
func isAgentPath(lower string) bool {
	base := path.Base(lower)
	switch base {
	case "mcp.json", ".mcp.json", "mcp_config.json", "mcp_settings.json", "cline_mcp_settings.json", "claude_desktop_config.json", ".claude.json", "opencode.json", "opencode.jsonc", "mcp.yaml", "mcp.yml":
		return true
	}
	slashed := "/" + lower
	for _, known := range []string{
		"/.claude/settings.json", "/.claude/settings.local.json", "/.gemini/settings.json", "/.codex/config.toml",
		"/.continue/config.json", "/.continue/config.yaml", "/.continue/config.yml", "/.zed/settings.json", "/.roo/mcp.json",
		"/.amazonq/mcp.json", "/.vscode/settings.json", "/.kiro/settings/mcp.json", "/.codeium/windsurf/mcp_config.json", "/.goose/config.yaml",
	} {
		if strings.HasSuffix(slashed, known) {
			return true
		}
	}
	if strings.Contains(slashed, "/.continue/mcpservers/") {
		return strings.HasSuffix(base, ".yaml") || strings.HasSuffix(base, ".yml") || strings.HasSuffix(base, ".json")
	}
	return strings.HasSuffix(base, ".md") && (strings.Contains(slashed, "/.claude/agents/") || strings.Contains(slashed, "/.github/agents/") || strings.Contains(slashed, "/.github/chatmodes/"))
}

// parseAgent reads the configuration of AI agents: one identity for each MCP
// server and each agent, with the credentials that it carries.
func parseAgent(o *output) {
	content := bytes.TrimPrefix(o.file.Content, []byte("\xef\xbb\xbf"))
	var root node
	switch strings.ToLower(path.Ext(o.file.Path)) {
	case ".md":
		o.agentFile(content)
		return
	case ".toml":
		root = o.tomlNode(content)
	case ".yaml", ".yml":
		o.documents(content, func(n node) { o.agentConfig(n) })
		return
	default:
		root = o.jsonNode(content)
	}
	o.agentConfig(root)
}

// jsonNode parses JSON that may have comments and trailing commas.
func (o *output) jsonNode(content []byte) node {
	if why := tooDeep(content); why != "" {
		o.lost(0, why)
		return node{}
	}
	plain := plainJSON(content)
	if len(bytes.TrimSpace(plain)) == 0 {
		return node{}
	}
	if !json.Valid(plain) {
		o.lost(jsonLine(plain), "invalid JSON")
		return node{}
	}
	return o.yamlNode(plain)
}

// yamlNode parses text that is YAML, which all JSON is, so that lines are kept.
func (o *output) yamlNode(text []byte) node {
	var y yaml.Node
	err := yaml.Unmarshal(escapeTabs(text), &y)
	if err != nil {
		err = yaml.Unmarshal(normalJSON(text), &y)
	}
	if err != nil {
		o.lost(yamlLine(err), "not read: "+yamlReason(err))
		return node{}
	}
	return node{&y, &document{visits: maxVisits}}.resolve()
}

// escapeTabs makes the tabs of JSON blanks: YAML does not indent with tabs.
func escapeTabs(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\t"), []byte(" ")) }

// normalJSON spells JSON anew, for the escapes that YAML does not know
// (surrogate pairs). Its lines are lost.
func normalJSON(text []byte) []byte {
	var v any
	if json.Unmarshal(text, &v) != nil {
		return text
	}
	out, err := json.Marshal(v)
	if err != nil {
		return text
	}
	return out
}

// jsonLine returns the line of the first syntax error.
func jsonLine(text []byte) int {
	var v any
	if e, ok := errorsAs[*json.SyntaxError](json.Unmarshal(text, &v)); ok {
		return 1 + bytes.Count(text[:min(int(e.Offset), len(text))], []byte("\n"))
	}
	return 1
}

// tomlNode parses TOML. Lines are those of the headers of tables, found by
// their text.
func (o *output) tomlNode(content []byte) node {
	if why := tooDeep(content); why != "" {
		o.lost(0, why)
		return node{}
	}
	var v map[string]any
	if err := toml.Unmarshal(content, &v); err != nil {
		line := 1
		if e, ok := errorsAs[*toml.DecodeError](err); ok {
			line, _ = e.Position()
		}
		o.lost(line, "invalid TOML")
		return node{}
	}
	text, err := json.Marshal(v)
	if err != nil {
		o.lost(0, "TOML holds what JSON cannot")
		return node{}
	}
	return o.yamlNode(text)
}

// agentConfig reads the servers under each of the keys that tools use, and the
// environment of an agent's settings.
func (o *output) agentConfig(root node) {
	for _, servers := range []node{
		root.get("mcpServers"), root.get("servers"), root.get("mcp_servers"), root.get("context_servers"),
		root.get("mcp", "servers"), root.get("mcp"), root.get("extensions"),
	} {
		for _, p := range servers.pairs() {
			o.mcpServer(p.key, p.line, p.value)
		}
		for _, item := range servers.items() {
			if name := item.get("name").text(); name != "" {
				o.mcpServer(name, item.line(), item)
			}
		}
	}
	for _, p := range root.get("projects").pairs() {
		for _, s := range p.value.get("mcpServers").pairs() {
			o.mcpServer(s.key, s.line, s.value)
		}
	}
	o.agentSettings(root)
}

// agentSettings reads an agent's own settings: its environment, the program
// that prints its key, and what it may do without asking.
func (o *output) agentSettings(root node) {
	env, helper, allow := root.get("env"), root.get("apiKeyHelper"), root.get("permissions")
	if !strings.Contains("/"+strings.ToLower(o.file.Path), "/.claude/settings") || !env.ok() && !helper.ok() && !allow.ok() {
		return
	}
	id := o.id(inventory.KindIdentity, "agent")
	attributes := map[string]string{"config": path.Base(o.file.Path)}
	if n := len(allow.get("allow").items()); n > 0 {
		attributes["allowed"] = allowed(allow.get("allow").texts())
	}
	if mode := allow.get("defaultMode").text(); mode != "" {
		attributes["mode"] = clean(mode)
	}
	o.emit(inventory.Record{Identity: &inventory.Identity{
		ID: id, Type: "ai.agent", Scope: o.file.Scope, Name: "claude", Agent: inventory.True,
		Declared: true, FoundAt: o.at(root.line()), Attributes: attributes,
	}})
	o.carried(id, "agent", env)
}

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

// agentFile reads an agent definition: Markdown with YAML front matter.
func (o *output) agentFile(content []byte) {
	rest, ok := bytes.CutPrefix(content, []byte("---"))
	if !ok {
		return
	}
	front, _, ok := bytes.Cut(rest, []byte("\n---"))
	if !ok {
		o.lost(1, "front matter without an end")
		return
	}
	o.documents(front, func(n node) {
		name := cmp.Or(n.get("name").text(), strings.TrimSuffix(path.Base(o.file.Path), ".md"))
		attributes := map[string]string{}
		for _, key := range []string{"tools", "model"} {
			if list := n.get(key).texts(); len(list) > 0 {
				attributes[key] = clip(clean(strings.Join(list, ",")), 300)
			}
		}
		if len(attributes) == 0 {
			attributes = nil
		}
		o.emit(inventory.Record{Identity: &inventory.Identity{
			ID: o.id(inventory.KindIdentity, "agent/"+name), Type: "ai.agent", Scope: o.file.Scope, Name: clean(name),
			Description: clean(n.get("description").text()), Agent: inventory.True, Declared: true, FoundAt: o.at(1), Attributes: attributes,
		}})
		for i, p := range n.get("mcpServers").pairs() {
			o.mcpServer(cmp.Or(p.key, strconv.Itoa(i)), p.line, p.value)
		}
	})
}
