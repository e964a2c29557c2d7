package declared

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// gitlabKeywords are the top-level keys of .gitlab-ci.yml that are not jobs
// (docs.gitlab.com, "CI/CD YAML syntax reference").
func gitlabKeywords() []string {
	return []string{"default", "include", "stages", "variables", "workflow", "image", "services", "before_script", "after_script", "cache", "spec"}
}

// parseGitLab reads a GitLab pipeline: one identity for the file, with the
// cloud identities it signs in as, the secrets it takes from a vault or from CI
// variables, and plain values of variables that are named like secrets.
//
// Attributes: id_token_audiences, environments, secrets, oidc, cloud_logins,
// includes_remote.
func parseGitLab(o *output) {
	o.documents(o.file.Content, func(root node) {
		if root.isMap() {
			o.pipeline(root)
		}
	})
}

func (o *output) pipeline(root node) {
	w := newWorkflow(o.id(inventory.KindIdentity, "pipeline"), cmp.Or(clean(root.get("workflow", "name").text()), o.file.Path), root.line())
	jobs := 0
	var audiences []string
	o.gitlabVariables(w, root.get("variables"))
	w.gitlabScripts(root.get("before_script"), root.get("default"))
	for _, p := range root.pairs() {
		if slices.Contains(gitlabKeywords(), p.key) || !p.value.isMap() {
			continue
		}
		jobs++
		audiences = append(audiences, o.gitlabJob(w, p.value)...)
	}
	if jobs == 0 && len(w.secrets) == 0 {
		return
	}
	for _, include := range append(root.get("include").items(), root.get("include")) {
		w.calls = append(w.calls, safeURL(include.get("remote").text()))
	}
	w.list("id_token_audiences", audiences)
	w.list("environments", w.envs)
	w.list("includes_remote", w.calls)
	o.emitPipeline(w)
}

// gitlabJob gathers one job and returns the audiences of its id tokens.
func (o *output) gitlabJob(w *workflow, job node) (audiences []string) {
	env := job.get("environment")
	if name := cmp.Or(env.text(), env.get("name").text()); name != "" {
		w.envs = append(w.envs, environment(name))
	}
	for _, token := range job.get("id_tokens").pairs() {
		w.known[token.key] = true
		w.attributes["oidc"] = "true"
		audiences = append(audiences, token.value.get("aud").texts()...)
	}
	for _, s := range job.get("secrets").pairs() {
		o.gitlabSecret(w, s)
	}
	o.gitlabVariables(w, job.get("variables"))
	w.gitlabScripts(job)
	return audiences
}

// gitlabSecret emits a secret that a job takes from a vault.
func (o *output) gitlabSecret(w *workflow, s pair) {
	store := ""
	for _, p := range s.value.pairs() {
		if slices.Contains([]string{"vault", "gcp_secret_manager", "azure_key_vault", "aws_secrets_manager", "akeyless", "gitlab_secrets_manager"}, p.key) {
			store = strings.ReplaceAll(p.key, "_", " ")
		}
	}
	if store == "" {
		return
	}
	w.known[s.key] = true
	id := o.ciSecret("gitlab ci", store, clean(s.key), s.line)
	o.uses(w.id, id, "pipeline", only(w.envs), s.line)
}

// gitlabVariables reads variables: a reference is a secret kept elsewhere, a
// plain value under the name of a secret is one that lies open.
func (o *output) gitlabVariables(w *workflow, variables node) {
	for _, v := range variables.pairs() {
		w.known[v.key] = true
		value := cmp.Or(v.value.text(), v.value.get("value").text())
		w.gitlabNames(value, v.line)
		if !isSecretName(v.key) || !isPlainSecret(value) {
			continue
		}
		id := o.plainSecret(v.key, value, "ci_variable", "gitlab ci file", v.line)
		o.uses(w.id, id, "pipeline", only(w.envs), v.line)
	}
}

// gitlabScripts gathers what scripts and settings name: CI variables that look
// like secrets, and roles that they sign in as.
func (w *workflow) gitlabScripts(nodes ...node) {
	for _, n := range nodes {
		n.scalars(func(s node) {
			w.gitlabNames(s.text(), s.line())
			for _, arn := range roleInText().FindAllString(s.text(), 16) {
				if _, ok := w.clouds["aws:"+arn]; !ok {
					w.clouds["aws:"+arn] = s.line()
				}
			}
		})
	}
}

// gitlabNames notes the variables of a text that are named like secrets and
// that GitLab does not set by itself.
func (w *workflow) gitlabNames(text string, line int) {
	if !strings.Contains(text, "$") {
		return
	}
	for _, m := range variableForm().FindAllStringSubmatch(text, 256) {
		name := m[1]
		if strings.HasPrefix(name, "CI_") || strings.HasPrefix(name, "GITLAB_USER") || !isSecretName(name) {
			continue
		}
		if _, ok := w.secrets[name]; !ok {
			w.secrets[name] = line
		}
	}
}

// emitPipeline emits the identity and what it uses.
func (o *output) emitPipeline(w *workflow) {
	o.emitUser(w, "gitlab.pipeline", "pipeline", "gitlab ci", "gitlab ci variables")
}

// emitUser emits an identity of a pipeline with the secrets and cloud
// identities that it uses.
func (o *output) emitUser(w *workflow, typ, kind, host, store string) {
	var names, clouds []string
	for name := range w.secrets {
		if w.known[name] {
			continue
		}
		names = append(names, name)
	}
	for id := range w.clouds {
		clouds = append(clouds, id)
	}
	w.list("secrets", names)
	w.list("cloud_logins", clouds)
	o.emit(inventory.Record{Identity: &inventory.Identity{
		ID: w.id, Type: typ, Scope: o.file.Scope, Name: w.name, Environment: only(w.envs),
		Declared: true, FoundAt: o.at(w.line), Attributes: w.attributes,
	}})
	slices.Sort(names)
	slices.Sort(clouds)
	for _, id := range clouds {
		o.uses(w.id, id, kind, only(w.envs), w.clouds[id])
	}
	for _, name := range names {
		id := o.ciSecret(host, store, name, w.secrets[name])
		o.uses(w.id, id, kind, only(w.envs), w.secrets[name])
	}
}
