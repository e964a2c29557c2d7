package convert

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// Default stands in Consumer.Account for the default compute account of the
// project, where the answer names none: it has the project's number in its address
// (DefaultAccount).
const Default = "default"

// DefaultAccount is the address of a project's default compute account.
func DefaultAccount(number string) string {
	if number == "" {
		return ""
	}
	return number + "-compute@developer.gserviceaccount.com"
}

// A workload is how one type of asset says as whom it runs.
type workload struct {
	asset, kind string
	read        func(c object.Consumer, raw []byte) ([]object.Consumer, error)
}

// workloads lists the assets that run as a service account, by the asset types of
// Asset Inventory.
func workloads() []workload {
	return []workload{
		{"compute.googleapis.com/Instance", "compute.instance", instance},
		{"compute.googleapis.com/InstanceTemplate", "compute.instance_template", template},
		{"run.googleapis.com/Service", "run.service", runs},
		{"run.googleapis.com/Job", "run.job", runs},
		{"cloudfunctions.googleapis.com/CloudFunction", "function", function},
		{"cloudfunctions.googleapis.com/Function", "function", function},
		{"container.googleapis.com/Cluster", "gke.node_pool", cluster},
		{"container.googleapis.com/NodePool", "gke.node_pool", nodePool},
		{"cloudbuild.googleapis.com/BuildTrigger", "cloudbuild.trigger", plain},
		{"cloudscheduler.googleapis.com/Job", "scheduler.job", plain},
		{"pubsub.googleapis.com/Subscription", "pubsub.subscription", plain},
		{"eventarc.googleapis.com/Trigger", "eventarc.trigger", plain},
		{"workflows.googleapis.com/Workflow", "workflow", plain},
		{"appengine.googleapis.com/Version", "appengine.version", plain},
		{"composer.googleapis.com/Environment", "composer.environment", plain},
		{"dataproc.googleapis.com/Cluster", "dataproc.cluster", plain},
	}
}

// ConsumerTypes are the asset types that Consumers reads, in order.
func ConsumerTypes() []string {
	var out []string
	for _, w := range workloads() {
		out = append(out, w.asset)
	}
	slices.Sort(out)
	return out
}

// Consumers converts what runs as a service account: none if it runs as none, and
// several for a cluster, one for each node pool. name is the full resource name.
// Values of variables and metadata are not read.
func Consumers(asset, name string, raw []byte) ([]object.Consumer, error) {
	for _, w := range workloads() {
		if w.asset != asset {
			continue
		}
		c := object.Consumer{Name: Bare(name), Type: w.kind, Title: Last(name)}
		c.Location = cmp.Or(Part(c.Name, "locations"), Part(c.Name, "zones"), Part(c.Name, "regions"))
		return w.read(c, raw)
	}
	return nil, nil
}

// A worker is an account that is attached to an instance.
type worker struct {
	Email  string
	Scopes []string
}

// each is one consumer for each account that is attached.
func each(c object.Consumer, accounts []worker) []object.Consumer {
	var out []object.Consumer
	for _, a := range accounts {
		x := c
		x.Account, x.Scopes = a.Email, a.Scopes
		if x.Scopes == nil {
			x.Scopes = []string{}
		}
		out = append(out, x)
	}
	return out
}

type interfaces []struct {
	AccessConfigs, Ipv6AccessConfigs []struct{ Name string }
}

// public reports whether an instance has an address of its own on the internet;
// whether a firewall lets anybody reach it is another question.
func (i interfaces) public() inventory.Tri {
	for _, n := range i {
		if len(n.AccessConfigs) > 0 || len(n.Ipv6AccessConfigs) > 0 {
			return inventory.True
		}
	}
	return inventory.False
}

func instance(c object.Consumer, raw []byte) ([]object.Consumer, error) {
	var v struct {
		Name              string
		Labels            labels
		ServiceAccounts   []worker
		NetworkInterfaces interfaces
	}
	err := read(raw, &v)
	c.Title, c.Labels, c.Public = cmp.Or(v.Name, c.Title), v.Labels, v.NetworkInterfaces.public()
	return each(c, v.ServiceAccounts), err
}

func template(c object.Consumer, raw []byte) ([]object.Consumer, error) {
	var v struct {
		Name       string
		Properties struct {
			Labels          labels
			ServiceAccounts []worker
		}
	}
	err := read(raw, &v)
	c.Title, c.Labels = cmp.Or(v.Name, c.Title), v.Properties.Labels
	return each(c, v.Properties.ServiceAccounts), err
}

// A container names the secrets that it is given: of Cloud Run's API of version 2
// (secret), or of version 1 (name).
type container struct {
	Env []struct {
		ValueSource, ValueFrom struct {
			SecretKeyRef struct{ Secret, Name string }
		}
	}
}

type pod struct {
	ServiceAccount, ServiceAccountName string
	Containers                         []container
	Volumes                            []struct {
		Secret struct{ Secret, SecretName string }
	}
}

func (p *pod) secrets(project string) []string {
	var out []string
	for _, c := range p.Containers {
		for _, e := range c.Env {
			out = append(out, secretName(project, cmp.Or(e.ValueSource.SecretKeyRef.Secret, e.ValueFrom.SecretKeyRef.Name)))
		}
	}
	for _, v := range p.Volumes {
		out = append(out, secretName(project, cmp.Or(v.Secret.Secret, v.Secret.SecretName)))
	}
	return names(out)
}

// names are those that are none empty, sorted, each once.
func names(list []string) []string {
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) > 0 && list[0] == "" {
		list = list[1:]
	}
	return list
}

// secretName is the full name of a secret that may be named by its id alone.
func secretName(project, secret string) string {
	if secret == "" || strings.HasPrefix(secret, "projects/") {
		return secret
	}
	return "projects/" + project + "/secrets/" + secret
}

// runs reads a service or a job of Cloud Run, of version 1 or 2.
func runs(c object.Consumer, raw []byte) ([]object.Consumer, error) {
	type inner struct {
		pod
		Template pod // of a job of version 2
		Spec     struct {
			pod
			Template struct{ Spec pod } // of a job of version 1
		}
	}
	var v struct {
		Labels   labels
		Ingress  string
		Template inner
		Metadata struct {
			Name                string
			Labels, Annotations labels
		}
		Spec struct{ Template inner }
	}
	err := read(raw, &v)
	c.Labels = slices.Concat(v.Labels, v.Metadata.Labels)
	c.Title = cmp.Or(v.Metadata.Name, c.Title)
	project := Part(c.Name, "projects")
	account := ""
	for _, t := range []*inner{&v.Template, &v.Spec.Template} {
		for _, p := range []*pod{&t.pod, &t.Template, &t.Spec.pod, &t.Spec.Template.Spec} {
			account = cmp.Or(account, p.ServiceAccount, p.ServiceAccountName)
			c.Secrets = append(c.Secrets, p.secrets(project)...)
		}
	}
	for _, a := range v.Metadata.Annotations {
		if a.Key == "run.googleapis.com/ingress" {
			v.Ingress = cmp.Or(v.Ingress, a.Value)
		}
	}
	c.Public = ingress(v.Ingress)
	c.Secrets = names(c.Secrets)
	c.Account = cmp.Or(Last(account), Default)
	return []object.Consumer{c}, err
}

// ingress tells whether requests from the internet are let in at all; whether they
// need a token is in the policy.
func ingress(text string) inventory.Tri {
	switch text {
	case "INGRESS_TRAFFIC_ALL", "ALLOW_ALL", "all":
		return inventory.True
	case "":
		return inventory.Unknown
	}
	return inventory.False
}

// function reads a function of either generation.
func function(c object.Consumer, raw []byte) ([]object.Consumer, error) {
	type given []struct{ ProjectID, Secret string }
	var v struct {
		ServiceAccountEmail, IngressSettings      string
		Labels                                    labels
		SecretEnvironmentVariables, SecretVolumes given
		ServiceConfig                             struct {
			ServiceAccountEmail, IngressSettings      string
			SecretEnvironmentVariables, SecretVolumes given
		}
	}
	err := read(raw, &v)
	c.Labels, c.Public = v.Labels, ingress(cmp.Or(v.ServiceConfig.IngressSettings, v.IngressSettings))
	for _, s := range slices.Concat(v.SecretEnvironmentVariables, v.SecretVolumes, v.ServiceConfig.SecretEnvironmentVariables, v.ServiceConfig.SecretVolumes) {
		c.Secrets = append(c.Secrets, secretName(cmp.Or(s.ProjectID, Part(c.Name, "projects")), s.Secret))
	}
	c.Secrets = names(c.Secrets)
	c.Account = cmp.Or(v.ServiceConfig.ServiceAccountEmail, v.ServiceAccountEmail, Default)
	return []object.Consumer{c}, err
}

type nodes struct {
	Name   string
	Config struct {
		ServiceAccount         string
		OauthScopes            []string
		Labels, ResourceLabels labels
	}
}

func (n *nodes) consumer(c object.Consumer) object.Consumer {
	c.Title, c.Account, c.Scopes = cmp.Or(n.Name, c.Title), cmp.Or(n.Config.ServiceAccount, Default), n.Config.OauthScopes
	c.Labels = slices.Concat(c.Labels, n.Config.ResourceLabels)
	return c
}

func nodePool(c object.Consumer, raw []byte) ([]object.Consumer, error) {
	var v nodes
	err := read(raw, &v)
	return []object.Consumer{v.consumer(c)}, err
}

func cluster(c object.Consumer, raw []byte) ([]object.Consumer, error) {
	var v struct {
		Name           string
		ResourceLabels labels
		NodePools      []nodes
	}
	err := read(raw, &v)
	c.Labels = v.ResourceLabels
	var out []object.Consumer
	for i := range v.NodePools {
		x := c
		x.Name += "/nodePools/" + v.NodePools[i].Name
		out = append(out, v.NodePools[i].consumer(x))
	}
	return out, err
}

// plain reads what names its account in one of the places where services of Google
// put it. Without one nothing is said: which account stands in differs.
func plain(c object.Consumer, raw []byte) ([]object.Consumer, error) {
	type token struct{ ServiceAccountEmail string }
	var v struct {
		Name, ServiceAccount string
		Labels               labels
		HTTPTarget           struct{ OauthToken, OidcToken token }
		PushConfig           struct{ OidcToken token }
		Config               struct {
			NodeConfig       struct{ ServiceAccount string }
			GceClusterConfig struct {
				ServiceAccount       string
				ServiceAccountScopes []string
			}
		}
	}
	err := read(raw, &v)
	c.Labels = v.Labels
	if c.Type == "cloudbuild.trigger" { // its resource goes by a UUID
		c.Title = cmp.Or(v.Name, c.Title)
	}
	c.Scopes = v.Config.GceClusterConfig.ServiceAccountScopes
	c.Account = Last(cmp.Or(v.ServiceAccount, v.HTTPTarget.OauthToken.ServiceAccountEmail, v.HTTPTarget.OidcToken.ServiceAccountEmail,
		v.PushConfig.OidcToken.ServiceAccountEmail, v.Config.NodeConfig.ServiceAccount, v.Config.GceClusterConfig.ServiceAccount))
	if !strings.Contains(c.Account, "@") {
		return nil, err
	}
	return []object.Consumer{c}, err
}
