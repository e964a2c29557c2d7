package aws

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// putConsumers emits what runs as a role.
func (m *mapper) putConsumers() {
	seen := map[string]bool{}
	for i := range m.a.Consumers {
		if m.err != nil {
			return
		}
		c := &m.a.Consumers[i]
		if c.Role == "" {
			continue
		}
		id := m.part(c.ARN, cmp.Or(c.Use, "role"))
		if seen[id] {
			id = m.part(c.ARN, cmp.Or(c.Use, "role")+"/"+lastPart(c.Role))
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		m.putConsumer(id, c)
	}
}

func (m *mapper) putConsumer(id string, c *object.Consumer) {
	role := c.Role
	attr := make(cloud.Attributes, 8)
	attr.Set("type", c.Type)
	attr.Set("use", c.Use)
	attr.Set("name", c.Name)
	attr.Set("state", c.State)
	attr.Tri("public", c.Public)
	attr.Add(c.Details)
	if strings.Contains(role, ":instance-profile/") {
		attr.Set("instance_profile", role)
		if of := m.profiles[role]; of != "" {
			role = of
		}
	}
	m.put(inventory.Record{Consumer: &inventory.Consumer{
		ID: id, Subject: m.id(role), Scope: m.scope, Workload: cloud.Word(c.ARN), Kind: kindOf(c.Type), Location: inventory.Clip(c.Region, cloud.MaxName),
		Environment: cloud.EnvironmentOf(c.Tags, m.a.Tags), Attributes: attr,
	}}, inventory.KindConsumer)
}

// kindOf is what people call a type of consumer.
func kindOf(typ string) string {
	switch typ {
	case "lambda.function":
		return "function"
	case "ecs.task_definition":
		return "ecs task"
	case "ecs.service":
		return "ecs service"
	case "ec2.instance":
		return "instance"
	case "codebuild.project":
		return "build project"
	case "states.machine":
		return "state machine"
	case "bedrock.agent":
		return "agent"
	case "bedrock.agent_runtime":
		return "agent runtime"
	case "":
		return "workload"
	default:
		return cloud.Label(strings.NewReplacer(".", " ", "_", " ").Replace(typ))
	}
}

// putEntries emits what IAM principals may do in clusters of EKS.
func (m *mapper) putEntries() {
	for i := range m.a.AccessEntries {
		if m.err != nil {
			return
		}
		m.putEntry(&m.a.AccessEntries[i])
	}
}

func (m *mapper) putEntry(e *object.AccessEntry) {
	cluster := e.Cluster
	if c := m.clusters[e.Cluster]; c != nil && c.ARN != "" {
		cluster = c.ARN
	}
	grant := func(part, name string, level inventory.Level, resource string, reasons, capabilities []string) {
		attr := make(cloud.Attributes, 6)
		attr["kubernetes"] = "true"
		attr.Set("cluster", e.Cluster)
		attr.Set("username", e.Username)
		attr.Set("groups", cloud.List(e.Groups))
		attr.Set("entry_type", e.Type)
		x := &inventory.Grant{
			ID: m.part(e.ARN, part), Principal: m.id(e.Principal), Scope: m.scope, Name: cloud.Label(name), Resource: inventory.Clip(resource, 4*cloud.MaxText), Via: "EKS access entry",
			Level: level, Reasons: reasons, Capabilities: capabilities, GrantedAt: inventory.Time(e.CreatedAt), Attributes: attr,
		}
		if e.Type != "" && e.Type != "STANDARD" {
			x.ManagedBy = "eks" // nodes, which EKS lets in by itself
		}
		m.put(inventory.Record{Grant: x}, inventory.KindGrant)
	}
	for _, p := range e.Policies {
		resource := cluster
		if p.Scope == "namespace" {
			resource += "/namespaces/" + cloud.List(p.Namespaces)
		}
		level, capabilities := entryLevel(lastPart(p.ARN), p.Scope == "namespace")
		grant(lastPart(p.ARN), lastPart(p.ARN), level, resource, []string{inventory.Clip("EKS access policy "+lastPart(p.ARN)+" in cluster "+e.Cluster, cloud.MaxText)}, capabilities)
	}
	switch {
	case slices.Contains(e.Groups, "system:masters"):
		reason := "group system:masters may do everything in cluster " + inventory.Clip(e.Cluster, cloud.MaxName)
		grant("groups", "Kubernetes groups "+cloud.List(e.Groups), inventory.LevelWrite, cluster, []string{reason}, []string{"kubernetes.admin"})
	case len(e.Groups) > 0:
		grant("groups", "Kubernetes groups "+cloud.List(e.Groups), inventory.LevelUnknown, cluster, []string{"what its groups may do is told by the bindings of cluster " + inventory.Clip(e.Cluster, cloud.MaxName)}, nil)
	}
}

// entryLevel says what an access policy of EKS allows, by the page "Review access
// policy permissions" of the Amazon EKS User Guide. The level is that of the
// cluster and not of the account: whoever administers it is no administrator of
// AWS, and the most that is told is write.
func entryLevel(policy string, namespace bool) (level inventory.Level, capabilities []string) {
	all := func(capability string) []string {
		if namespace {
			return []string{"secrets.read"}
		}
		return []string{capability}
	}
	switch policy {
	case "AmazonEKSClusterAdminPolicy":
		return inventory.LevelWrite, all("kubernetes.admin")
	case "AmazonEKSAdminPolicy", "AmazonEKSEditPolicy":
		return inventory.LevelWrite, all("kubernetes.secrets")
	case "AmazonEKSAdminViewPolicy", "AmazonEKSSecretReaderPolicy":
		return inventory.LevelRead, all("kubernetes.secrets")
	case "AmazonEKSViewPolicy":
		return inventory.LevelRead, nil
	default:
		return inventory.LevelUnknown, nil
	}
}

// podAudience is the audience of the tokens that EKS Pod Identity takes (Amazon
// EKS User Guide, "EKS Pod Identity").
const podAudience = "pods.eks.amazonaws.com"

// podSubjects returns, for each role, by what names the Kubernetes scanner calls
// the service accounts that EKS Pod Identity lets become it: a cluster goes by its
// name or, in kubeconfigs that the AWS CLI writes, by its ARN.
func (m *mapper) podSubjects() map[string][]string {
	out := map[string][]string{}
	for i := range m.a.PodIdentities {
		p := &m.a.PodIdentities[i]
		for _, cluster := range []string{p.Cluster, "arn:" + m.partition() + ":eks:" + p.Region + ":" + m.a.ID + ":cluster/" + p.Cluster} {
			out[p.Role] = append(out[p.Role], "eks-pod-identity/"+cluster+"/"+p.Namespace+"/"+p.ServiceAccount)
		}
	}
	return out
}

// putPodIdentities emits which service accounts of Kubernetes may become roles by
// EKS Pod Identity.
func (m *mapper) putPodIdentities() {
	for i := range m.a.PodIdentities {
		p := &m.a.PodIdentities[i]
		attr := make(cloud.Attributes, 8)
		attr["mechanism"] = "eks_pod_identity"
		attr.Set("cluster", p.Cluster)
		attr.Set("region", p.Region)
		attr.Set("namespace", p.Namespace)
		attr.Set("service_account", p.ServiceAccount)
		attr.Set("target_role", p.TargetRole)
		issuer := ""
		if c := m.clusters[p.Cluster]; c != nil && c.Issuer != "" {
			issuer = "https://" + strings.TrimPrefix(c.Issuer, "https://")
		}
		m.put(inventory.Record{Trust: &inventory.Trust{
			ID: m.once(m.id(p.ARN)), Identity: m.id(p.Role), Scope: m.scope, Type: "oidc", Issuer: inventory.Clip(issuer, cloud.MaxText), Audience: podAudience,
			Subject: "system:serviceaccount:" + inventory.Clip(p.Namespace, cloud.MaxName) + ":" + inventory.Clip(p.ServiceAccount, cloud.MaxName), Attributes: attr,
		}}, inventory.KindTrust)
	}
}
