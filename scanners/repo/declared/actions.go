package declared

import (
	"cmp"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
)

// A workflow is what is gathered of one GitHub Actions workflow, or of one of
// its jobs that has permissions of its own.
type workflow struct {
	id, name   string
	line       int
	attributes map[string]string
	unpinned   []string
	calls      []string
	envs       []string
	secrets    map[string]int  // name to first line
	clouds     map[string]int  // id of a cloud identity to first line
	known      map[string]bool // variables that the file itself sets
	dynamic    []string        // clouds whose identity is an expression
}

func newWorkflow(id, name string, line int) *workflow {
	return &workflow{
		id: id, name: name, line: line,
		attributes: make(map[string]string), secrets: make(map[string]int), clouds: make(map[string]int), known: make(map[string]bool),
	}
}

// parseActions reads a workflow (docs.github.com, "Workflow syntax for GitHub
// Actions"). The workflow is one identity, and so is each job that sets
// permissions of its own.
//
// Attributes: permissions, triggers, pull_request_target, workflow_run,
// unpinned_actions, reusable_workflows, environments, secrets, secrets_inherit,
// self_hosted, untrusted_checkout, oidc, cloud_logins, cloud_logins_unresolved.
func parseActions(o *output) {
	first := true
	o.documents(o.file.Content, func(root node) {
		if first && root.isMap() {
			first = false
			o.workflow(root)
		}
	})
}

func (o *output) workflow(root node) {
	if !root.get("jobs").isMap() {
		return
	}
	name := cmp.Or(clean(root.get("name").text()), path.Base(o.file.Path))
	main := newWorkflow(o.id(inventory.KindIdentity, "workflow"), name, root.line())
	triggers := root.get("on").texts()
	for _, p := range root.get("on").pairs() {
		triggers = append(triggers, p.key)
	}
	main.gather(node{}, root.get("env"))
	var jobs []*workflow
	for _, job := range root.get("jobs").pairs() {
		w := main
		if job.value.get("permissions").ok() {
			w = newWorkflow(o.id(inventory.KindIdentity, "job/"+job.key), name+" / "+clean(job.key), job.line)
			w.attributes["job"] = clean(job.key)
			w.gather(node{}, root.get("env"))
			jobs = append(jobs, w)
		}
		o.job(w, job.value)
	}
	own := len(jobs) < len(root.get("jobs").pairs())
	if own {
		o.emitWorkflow(main, triggers, root.get("permissions"))
	}
	for _, w := range jobs {
		o.emitWorkflow(w, triggers, root.get("jobs", w.attributes["job"], "permissions"))
	}
}

// job gathers what a job uses.
func (o *output) job(w *workflow, job node) {
	env := job.get("environment")
	if name := cmp.Or(env.text(), env.get("name").text()); name != "" {
		w.envs = append(w.envs, environment(name))
	}
	for _, label := range job.get("runs-on").texts() {
		if label == "self-hosted" {
			w.attributes["self_hosted"] = "true"
		}
	}
	if uses := job.get("uses"); uses.ok() {
		w.calls = append(w.calls, clean(uses.text()))
		w.action(uses.text(), o.file.Scope)
	}
	if job.get("secrets").text() == "inherit" {
		w.attributes["secrets_inherit"] = "true"
	}
	for _, step := range job.get("steps").items() {
		w.action(step.get("uses").text(), o.file.Scope)
		w.login(step)
		w.checkout(step)
	}
	w.gather(job, node{})
}

// gather notes the secrets that a job, and the environment around it, name.
func (w *workflow) gather(job, env node) {
	for _, n := range []node{job, env} {
		n.scalars(func(s node) {
			for _, name := range secretNames(s.text()) {
				if _, ok := w.secrets[name]; !ok {
					w.secrets[name] = s.line()
				}
			}
		})
	}
}

// secretNames returns the secrets that expressions in a text name, but for the
// token that every job has.
func secretNames(text string) []string {
	if !strings.Contains(text, "${{") {
		return nil
	}
	var names []string
	for _, expression := range expressionForm().FindAllString(text, -1) {
		for _, m := range secretForm().FindAllStringSubmatch(expression, -1) {
			if name := strings.ToUpper(m[1] + m[2]); name != "GITHUB_TOKEN" {
				names = append(names, name)
			}
		}
	}
	return names
}

// action notes an action or reusable workflow of a third party that is not
// pinned to a commit or digest.
func (w *workflow) action(uses, scope string) {
	if uses == "" || strings.HasPrefix(uses, "./") {
		return
	}
	if image, ok := strings.CutPrefix(uses, "docker://"); ok {
		if !strings.Contains(image, "@sha256:") {
			w.unpinned = append(w.unpinned, safeURL(uses))
		}
		return
	}
	owner, _, _ := strings.Cut(uses, "/")
	if ours := strings.Split(scope, "/"); owner == "actions" || owner == "github" || len(ours) == 3 && strings.EqualFold(ours[1], owner) {
		return
	}
	_, ref, _ := strings.Cut(uses, "@")
	if !commitForm().MatchString(ref) {
		w.unpinned = append(w.unpinned, clean(uses))
	}
}

// login notes the cloud identity that a step signs in as through OIDC.
func (w *workflow) login(step node) {
	uses, _, _ := strings.Cut(step.get("uses").text(), "@")
	with := step.get("with")
	switch strings.ToLower(uses) {
	case "aws-actions/configure-aws-credentials":
		w.cloud("aws", with.get("role-to-assume"), roleForm())
	case "google-github-actions/auth":
		if with.get("workload_identity_provider").ok() {
			w.cloud("gcp", with.get("service_account"), googleAccountForm())
		}
	case "azure/login":
		w.cloud("azure", with.get("client-id"), uuidForm())
	}
}

// cloud notes one sign-in: as an identity if it is spelt out, else only that
// there is one.
func (w *workflow) cloud(scanner string, who node, form *regexp.Regexp) {
	if !who.ok() {
		return
	}
	if form.MatchString(who.text()) {
		id := scanner + ":" + clean(who.text())
		if _, ok := w.clouds[id]; !ok {
			w.clouds[id] = who.line()
		}
		return
	}
	w.dynamic = append(w.dynamic, scanner)
}

// checkout notes a step that checks out what a pull request proposes.
func (w *workflow) checkout(step node) {
	if !strings.HasPrefix(step.get("uses").text(), "actions/checkout") {
		return
	}
	ref := step.get("with", "ref").text() + step.get("with", "repository").text()
	if strings.Contains(ref, "github.event.pull_request.head") || strings.Contains(ref, "github.head_ref") ||
		strings.Contains(ref, "github.event.workflow_run.head") || strings.Contains(ref, "refs/pull/") {
		w.attributes["untrusted_checkout"] = "true"
	}
}

// emitWorkflow emits the identity, its grant, and what it uses.
func (o *output) emitWorkflow(w *workflow, triggers []string, permissions node) {
	assessment, spelt := workflowPermissions(permissions)
	w.attributes["permissions"] = spelt
	w.list("triggers", triggers)
	for _, t := range []string{"pull_request_target", "workflow_run"} {
		if slices.Contains(triggers, t) {
			w.attributes[t] = "true"
		}
	}
	w.list("unpinned_actions", w.unpinned)
	w.list("reusable_workflows", w.calls)
	w.list("environments", w.envs)
	w.list("secrets", slices.Collect(maps.Keys(w.secrets)))
	w.list("cloud_logins", slices.Collect(maps.Keys(w.clouds)))
	w.list("cloud_logins_unresolved", w.dynamic)
	if slices.Contains(assessment.Capabilities, "oidc.token") {
		w.attributes["oidc"] = "true"
	}
	o.emit(inventory.Record{Identity: &inventory.Identity{
		ID: w.id, Type: "github.workflow", Scope: o.file.Scope, Name: w.name, PublicIDs: o.workflowRef(),
		Environment: only(w.envs), Declared: true, FoundAt: o.at(w.line), Attributes: w.attributes,
	}})
	o.emit(inventory.Record{Grant: &inventory.Grant{
		ID: o.id(inventory.KindGrant, "GITHUB_TOKEN/"+strings.TrimPrefix(w.id, o.id(inventory.KindIdentity, ""))), Principal: w.id, Scope: o.file.Scope,
		Name: "GITHUB_TOKEN", Resource: o.file.Scope, Via: "permissions", Level: assessment.Level,
		Reasons: assessment.Reasons, Capabilities: assessment.Capabilities, Declared: true,
	}})
	for _, id := range slices.Sorted(maps.Keys(w.clouds)) {
		o.uses(w.id, id, "workflow", only(w.envs), w.clouds[id])
	}
	for _, name := range slices.Sorted(maps.Keys(w.secrets)) {
		id := o.ciSecret("github actions", "github actions secrets", name, w.secrets[name])
		o.uses(w.id, id, "workflow", only(w.envs), w.secrets[name])
	}
}

// workflowRef is the public id of a workflow: owner/name/path, as in the
// job_workflow_ref claim. It is empty outside GitHub.
func (o *output) workflowRef() []string {
	if repo, ok := strings.CutPrefix(o.file.Scope, "github.com/"); ok {
		return []string{repo + "/" + o.file.Path}
	}
	return nil
}

// list sets an attribute to the sorted, distinct, non-empty members of a list.
func (w *workflow) list(key string, members []string) {
	members = slices.DeleteFunc(slices.Sorted(slices.Values(members)), func(s string) bool { return s == "" })
	if len(members) > 0 {
		w.attributes[key] = clip(strings.Join(slices.Compact(members), ","), 2000)
	}
}

// clip cuts a list at its last comma within a length.
func clip(list string, most int) string {
	if len(list) <= most {
		return list
	}
	list = list[:most]
	return list[:max(strings.LastIndexByte(list, ','), 0)] + ",…"
}

// only returns the one distinct member of a list, or "".
func only(list []string) string {
	list = slices.Compact(slices.Sorted(slices.Values(list)))
	if len(list) == 1 {
		return list[0]
	}
	return ""
}

// workflowPermissions assesses a permissions key, and spells it out in one line.
func workflowPermissions(permissions node) (a privilege.Assessment, spelt string) {
	if !permissions.ok() {
		return privilege.GitHubPermissions(nil), "unset"
	}
	if all := permissions.text(); all != "" {
		return privilege.GitHubPermissions(map[string]string{"*": strings.TrimSuffix(all, "-all")}), clean(all)
	}
	given, words := make(map[string]string), []string{}
	for _, p := range permissions.pairs() {
		given[p.key] = p.value.text()
		words = append(words, clean(p.key+":"+p.value.text()))
	}
	if len(words) == 0 {
		return privilege.GitHubPermissions(given), "none"
	}
	slices.Sort(words)
	return privilege.GitHubPermissions(given), strings.Join(words, ",")
}

// uses emits the consumer that links a workload to what it uses.
func (o *output) uses(workload, subject, kind, env string, line int) {
	_, local, _ := strings.Cut(workload, "#")
	_, target, ok := strings.Cut(subject, "#")
	if !ok {
		target = subject
	}
	o.emit(inventory.Record{Consumer: &inventory.Consumer{
		ID: o.id(inventory.KindConsumer, local+"/uses/"+target), Subject: subject, Scope: o.file.Scope, Workload: workload,
		Kind: kind, Location: o.file.Path, Environment: env, FoundAt: o.at(line),
	}})
}

// ciSecret emits a secret that a pipeline names and whose value is kept
// elsewhere, and returns its id. It is one for the whole repository.
func (o *output) ciSecret(host, store, name string, line int) string {
	id := o.idIn(inventory.KindCredential, host, name)
	o.emit(inventory.Record{Credential: &inventory.Credential{
		ID: id, Type: "ci.secret_reference", Scope: o.file.Scope, Name: name, Store: store,
		FoundAt: o.at(line), Attributes: cloudOf(name),
	}})
	return id
}

// cloudOf tells by the usual names of CI secrets which cloud a static key is
// for.
func cloudOf(name string) map[string]string {
	upper := strings.ToUpper(name)
	for _, c := range []struct {
		cloud string
		words []string
	}{
		{"aws", []string{"AWS_ACCESS_KEY", "AWS_SECRET", "AWS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIALS"}},
		{"gcp", []string{"GOOGLE_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS", "GCP_SA_KEY", "GCP_CREDENTIALS", "GCP_KEY", "GCLOUD_SERVICE_KEY", "GCP_SERVICE_ACCOUNT_KEY", "GKE_SA_KEY", "SERVICE_ACCOUNT_JSON"}},
		{"azure", []string{"AZURE_CREDENTIALS", "AZURE_CLIENT_SECRET", "ARM_CLIENT_SECRET", "AZURE_PUBLISH_PROFILE", "AZURE_STORAGE_KEY", "AZURE_SP_"}},
	} {
		if slices.ContainsFunc(c.words, func(w string) bool { return strings.Contains(upper, w) }) {
			return map[string]string{"cloud": c.cloud}
		}
	}
	return nil
}
