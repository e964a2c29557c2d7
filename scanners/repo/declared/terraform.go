package declared

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A module is what the Terraform files of one directory declare.
type module struct {
	blocks map[string]*tfBlock // by address: "aws_iam_user.ci", "data.aws_iam_policy_document.x"
	order  []string
}

// A tfBlock is a block with the file that it stands in.
type tfBlock struct {
	*block
	src     File
	address string
}

// maxTerraform is the largest Terraform file that is parsed, in bytes.
const maxTerraform = 2 << 20

// parseTerraform takes in one file. What it declares is emitted when all files
// of the directory are known.
func parseTerraform(o *output) {
	content := o.file.Content
	if len(content) > maxTerraform {
		o.lost(0, "larger than 2 MB, not parsed as Terraform")
		return
	}
	if why := tooDeep(content); why != "" {
		o.lost(0, why)
		return
	}
	var blocks []*block
	if strings.HasSuffix(strings.ToLower(o.file.Path), ".json") {
		blocks = o.jsonBlocks(o.jsonNode(content))
	} else {
		blocks = o.parseHCL(content)
	}
	dir := path.Dir(o.file.Path)
	m := o.terraform[dir]
	if m == nil {
		m = &module{blocks: make(map[string]*tfBlock)}
		o.terraform[dir] = m
	}
	file := o.file
	file.Content = nil
	for _, b := range blocks {
		if !tfWanted(b) || len(m.order) >= maxFileRecords {
			continue
		}
		address := b.typ + "." + b.name
		switch b.kind {
		case "data":
			address = "data." + address
		case "provider":
			address = "provider." + b.typ + "." + cmp.Or(b.literal("alias"), "default")
		}
		if m.blocks[address] == nil {
			m.blocks[address] = &tfBlock{b, file, address}
			m.order = append(m.order, address)
		}
	}
}

// tfWanted reports whether a block may declare or explain an identity.
func tfWanted(b *block) bool {
	if b.kind == "provider" || b.kind == "data" && b.typ == "aws_iam_policy_document" {
		return true
	}
	return b.kind == "resource" && (tfHandler(b.typ) != nil || tfConsumer(b.typ) != nil || b.typ == "aws_iam_policy")
}

// finishTerraform emits what all modules declare.
func finishTerraform(o *output) {
	for _, dir := range slices.Sorted(maps.Keys(o.terraform)) {
		m := o.terraform[dir]
		for _, address := range m.order {
			b := m.blocks[address]
			o.open(b.src)
			t := &tf{o, m, b}
			t.emit()
		}
	}
}

// A tf is the emission of one block.
type tf struct {
	*output
	module *module
	*tfBlock
}

func (t *tf) emit() {
	if t.kind == "provider" {
		t.provider()
		return
	}
	if t.kind == "data" {
		return
	}
	if handle := tfHandler(t.typ); handle != nil {
		handle(t)
	}
	if uses := tfConsumer(t.typ); uses != nil {
		t.consumer(uses)
	}
}

// tfHandler returns what reads a resource of a type, or nil.
func tfHandler(typ string) func(*tf) {
	switch {
	case strings.HasPrefix(typ, "aws_iam_"):
		return awsHandler(typ)
	case strings.HasPrefix(typ, "google_"):
		return googleHandler(typ)
	case strings.HasPrefix(typ, "azuread_"), strings.HasPrefix(typ, "azurerm_"):
		return azureHandler(typ)
	case strings.HasPrefix(typ, "kubernetes_"):
		return kubernetesHandler(typ)
	default:
		return nil
	}
}

// here is the id of the identity that this block declares.
func (t *tf) here() string { return t.dirID(inventory.KindIdentity, t.address) }

// identity emits the identity that this block declares.
func (t *tf) identity(id inventory.Identity, tags map[string]string) string {
	id.ID, id.Scope, id.Declared, id.FoundAt = t.here(), t.src.Scope, true, t.at(t.line)
	id.Name = cmp.Or(id.Name, t.address)
	id.Tags, id.Environment = tags, environmentOf(tags)
	id.Description = cmp.Or(id.Description, t.literal("description"))
	if id.Attributes == nil {
		id.Attributes = make(map[string]string)
	}
	id.Attributes["address"] = t.address
	t.output.emit(inventory.Record{Identity: &id})
	t.owners(id.ID, "tag", tags)
	return id.ID
}

// resolve returns the id of the identity that an expression or a literal name
// refers to. One that this directory does not declare gets an id that nothing
// else has, so that the grant is kept and its principal shows as not found.
func (t *tf) resolve(text string, types ...string) string {
	if address := addressIn(text); address != "" {
		if b := t.module.blocks[address]; b != nil {
			return t.idOf(b)
		}
		return t.dirID(inventory.KindIdentity, address)
	}
	if !strings.Contains(text, "${") {
		for _, address := range t.module.order {
			b := t.module.blocks[address]
			if slices.Contains(types, b.typ) && (b.literal("name") == text || b.literal("display_name") == text) {
				return t.idOf(b)
			}
		}
		if len(types) > 0 {
			return t.dirID(inventory.KindIdentity, types[0]+"/"+text)
		}
	}
	return t.dirID(inventory.KindIdentity, text)
}

// idOf returns the id of the identity that a block stands for: a service
// principal is the application that it is made of.
func (t *tf) idOf(b *tfBlock) string {
	if b.typ == "azuread_service_principal" {
		for _, attr := range []string{"client_id", "application_id"} {
			if text, _ := b.text(attr); text != "" {
				if app := t.module.blocks[addressIn(text)]; app != nil && app.typ == "azuread_application" {
					return t.dirID(inventory.KindIdentity, app.address)
				}
			}
		}
	}
	if b.typ == "azuread_application_registration" {
		return t.dirID(inventory.KindIdentity, b.address)
	}
	return t.dirID(inventory.KindIdentity, b.address)
}

// addressIn returns the address of the resource that an expression such as
// "${aws_iam_user.ci.name}" is about, or "".
func addressIn(text string) string {
	m := addressForm().FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return m[1]
}

// grant emits a permission of a principal.
func (t *tf) grant(principal, name, resource, via string, a assessed) {
	if principal == "" {
		return
	}
	_, local, ok := strings.Cut(principal, "#")
	if !ok {
		local = principal
	}
	if address := addressIn(name); address != "" {
		name = address
	}
	t.output.emit(inventory.Record{Grant: &inventory.Grant{
		ID: t.dirID(inventory.KindGrant, t.address+"/"+clean(name)+"/"+local), Principal: principal, Scope: t.src.Scope,
		Name: clean(name), Resource: clean(resource), Via: via, Level: a.Level, Reasons: a.Reasons, Capabilities: a.Capabilities,
		Condition: a.condition, Declared: true,
	}})
}

// credential emits a credential that this block makes. Its value is in the
// state and not here.
func (t *tf) credential(c inventory.Credential) {
	c.ID, c.Scope, c.FoundAt = t.dirID(inventory.KindCredential, t.address), t.src.Scope, t.at(t.line)
	c.Name, c.Store = cmp.Or(c.Name, t.address), "terraform state"
	t.output.emit(inventory.Record{Credential: &c})
}

// trust emits who may act as an identity.
func (t *tf) trust(identity, name string, tr inventory.Trust) {
	tr.ID, tr.Identity, tr.Scope = t.dirID(inventory.KindTrust, t.address+"/"+clean(name)), identity, t.src.Scope
	tr.Declared, tr.FoundAt = true, t.at(t.line)
	t.output.emit(inventory.Record{Trust: &tr})
}

// tfConsumer lists the attributes of a workload that name the identity it runs
// as; nil for anything else.
func tfConsumer(typ string) []string {
	switch typ {
	case "aws_lambda_function":
		return []string{"role"}
	case "aws_ecs_task_definition":
		return []string{"task_role_arn", "execution_role_arn"}
	case "aws_codebuild_project":
		return []string{"service_role"}
	case "aws_sfn_state_machine", "aws_eks_cluster", "aws_codepipeline", "aws_apprunner_service", "aws_sagemaker_notebook_instance", "aws_bedrockagent_agent":
		return []string{"role_arn", "agent_resource_role_arn"}
	case "aws_eks_node_group":
		return []string{"node_role_arn"}
	case "aws_eks_pod_identity_association":
		return []string{"role_arn"}
	case "aws_glue_job":
		return []string{"role_arn"}
	case "google_cloudfunctions_function", "google_cloud_scheduler_job", "google_composer_environment":
		return []string{"service_account_email"}
	case "google_compute_instance", "google_compute_instance_template", "google_cloud_run_service", "google_cloud_run_v2_service", "google_cloud_run_v2_job", "google_cloudfunctions2_function", "google_cloudbuild_trigger", "google_container_node_pool", "google_container_cluster":
		return []string{"service_account", "service_account_email", "service_account_name", "email"}
	default:
		return nil
	}
}

// consumer emits the workload that this block is, for each identity it names.
func (t *tf) consumer(attrs []string) {
	kind := t.typ[strings.IndexByte(t.typ, '_')+1:]
	for _, found := range t.find(attrs, 4) {
		var subject string
		switch {
		case addressIn(found) != "":
			subject = t.resolve(found)
		case roleForm().MatchString(found):
			subject = "aws:" + clean(found)
		case googleAccountForm().MatchString(found):
			subject = "gcp:" + clean(found)
		default:
			continue
		}
		_, local, ok := strings.Cut(subject, "#")
		if !ok {
			local = subject
		}
		t.output.emit(inventory.Record{Consumer: &inventory.Consumer{
			ID: t.dirID(inventory.KindConsumer, t.address+"/uses/"+local), Subject: subject, Scope: t.src.Scope,
			Workload: t.dirID(inventory.KindIdentity, t.address), Kind: strings.ReplaceAll(kind, "_", " "), Location: t.src.Path,
			Environment: environmentOf(t.tags("tags")), FoundAt: t.at(t.line),
		}})
	}
}

// find returns the texts of attributes in a block and those nested in it.
func (b *block) find(attrs []string, depth int) []string {
	var out []string
	if depth == 0 {
		return nil
	}
	for _, name := range attrs {
		if s, ok := b.attr(name).v.(string); ok && s != "" {
			out = append(out, s)
		}
	}
	for _, n := range b.blocks {
		out = append(out, n.find(attrs, depth-1)...)
	}
	return out
}

// provider emits a provider that assumes a role or carries a key of its own; one
// that does neither takes its identity from around it and is not told.
func (t *tf) provider() {
	role, _ := t.one("assume_role").text("role_arn")
	var keys []string
	for _, name := range []string{"secret_key", "token", "password", "client_secret", "api_key", "api_token", "app_key", "credentials", "access_token"} {
		if s, known := t.text(name); known && isPlainSecret(s) {
			keys = append(keys, name)
		}
	}
	if !roleForm().MatchString(role) && len(keys) == 0 {
		return
	}
	id := t.identity(inventory.Identity{Type: "terraform.provider", Name: strings.TrimSuffix(strings.TrimPrefix(t.address, "provider."), ".default")}, nil)
	if roleForm().MatchString(role) {
		t.uses(id, "aws:"+clean(role), "terraform provider", "", t.line)
	}
	for _, name := range keys {
		s, _ := t.text(name)
		cred := t.plainSecret(t.address+"/"+name, s, "repository", "terraform file", t.attr(name).line)
		t.uses(id, cred, "terraform provider", "", t.attr(name).line)
	}
}
