package export

import (
	"cmp"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/aws/object"
)

// The shapes of what EKS answers.
type (
	cluster struct {
		Cluster struct {
			Name, Arn, Version, RoleArn string
			CreatedAt                   moment
			Identity                    struct{ Oidc struct{ Issuer string } }
			ResourcesVpcConfig          struct{ EndpointPublicAccess *bool }
			AccessConfig                struct{ AuthenticationMode string }
			Tags                        tags
		}
	}
	association struct {
		ClusterName, Namespace, ServiceAccount, RoleArn, AssociationArn, TargetRoleArn, ExternalID string
		CreatedAt                                                                                  moment
		Tags                                                                                       tags
	}
	accessEntry struct {
		AccessEntry struct {
			ClusterName, PrincipalArn, AccessEntryArn, Username, Type string
			KubernetesGroups                                          []string
			CreatedAt                                                 moment
			Tags                                                      tags
		}
	}
	accessPolicies struct {
		ClusterName, PrincipalArn string
		AssociatedAccessPolicies  []struct {
			PolicyArn   string
			AccessScope struct {
				Type       string
				Namespaces []string
			}
		}
	}
)

func (h *handlers) clusters() {
	h.lists["clusters"] = append(h.lists["clusters"], handler{"eks:ListClusters", func(doc *document, raw json.RawMessage) bool {
		var name string
		if json.Unmarshal(raw, &name) != nil || name == "" {
			return false // describe-clusters of ECS has objects here
		}
		doc.take("eks:ListClusters", "", nil, func(a *account, region string) {
			c := a.clusters.of("arn:" + cmp.Or(a.Partition, "aws") + ":eks:" + region + ":" + a.ID + ":cluster/" + name)
			c.Name, c.Region = name, region
			c.ARN = "arn:" + cmp.Or(a.Partition, "aws") + ":eks:" + region + ":" + a.ID + ":cluster/" + name
		})
		return true
	}})
	one(h, "eks:DescribeCluster", []string{"cluster"}, func(v *cluster) string { return v.Cluster.Arn }, func(a *account, region string, v *cluster) {
		c := &v.Cluster
		*a.clusters.of(c.Arn) = object.Cluster{
			ARN: c.Arn, Name: c.Name, Region: region, Issuer: c.Identity.Oidc.Issuer, Role: c.RoleArn, Version: c.Version, CreatedAt: c.CreatedAt.Time,
			Public: yes(c.ResourcesVpcConfig.EndpointPublicAccess), AuthMode: c.AccessConfig.AuthenticationMode, Tags: c.Tags.list(),
		}
	})
	on(h, "associations", "eks:ListPodIdentityAssociations", func(v *association) bool { return v.AssociationArn != "" }, func(v *association) string { return v.AssociationArn }, (*account).association)
	one(h, "eks:DescribePodIdentityAssociation", []string{"association"}, func(v *struct{ Association association }) string { return v.Association.AssociationArn },
		func(a *account, region string, v *struct{ Association association }) {
			a.association(region, &v.Association)
		})
	one(h, "eks:DescribeAccessEntry", []string{"accessEntry"}, func(v *accessEntry) string { return v.AccessEntry.AccessEntryArn }, func(a *account, region string, v *accessEntry) {
		x := &v.AccessEntry
		e := a.entry(x.ClusterName, x.PrincipalArn)
		e.ARN, e.Region, e.Type, e.Username = x.AccessEntryArn, region, x.Type, x.Username
		e.Groups, e.CreatedAt, e.Tags = slices.Sorted(slices.Values(x.KubernetesGroups)), x.CreatedAt.Time, x.Tags.list()
	})
	one(h, "eks:ListAssociatedAccessPolicies", []string{"clusterName", "principalArn", "associatedAccessPolicies"}, noARN, func(a *account, region string, v *accessPolicies) {
		e := a.entry(v.ClusterName, v.PrincipalArn)
		e.Region, e.Policies = cmp.Or(e.Region, region), nil
		for _, p := range v.AssociatedAccessPolicies {
			e.Policies = append(e.Policies, object.AccessPolicy{ARN: p.PolicyArn, Scope: p.AccessScope.Type, Namespaces: slices.Sorted(slices.Values(p.AccessScope.Namespaces))})
		}
		slices.SortFunc(e.Policies, func(x, y object.AccessPolicy) int { return strings.Compare(x.ARN, y.ARN) })
	})
}

// association takes a pod identity association; the listing lacks its role.
func (a *account) association(region string, v *association) {
	p := a.pods.of(v.AssociationArn)
	p.ARN, p.Cluster, p.Region, p.Namespace, p.ServiceAccount = v.AssociationArn, v.ClusterName, region, v.Namespace, v.ServiceAccount
	if v.RoleArn == "" {
		return
	}
	p.Role, p.TargetRole, p.ExternalID, p.CreatedAt, p.Tags = v.RoleArn, v.TargetRoleArn, v.ExternalID, v.CreatedAt.Time, v.Tags.list()
}

// entry returns the access entry of a principal in a cluster.
func (a *account) entry(cluster, principal string) *object.AccessEntry {
	e := a.entries.of(cluster + " " + principal)
	e.Cluster, e.Principal = cluster, principal
	return e
}

// The shapes of what EventBridge, CodeConnections, Transfer Family, Cognito and IoT
// answer.
type (
	connection struct {
		ConnectionArn, Name, ConnectionState, AuthorizationType        string
		ConnectionName, ProviderType, OwnerAccountID, ConnectionStatus string
		CreationTime, LastModifiedTime, LastAuthorizedTime             moment
	}
	transferUser struct{ Arn, Role, UserName string }
	poolClient   struct{ ClientID, UserPoolID, ClientName string }
	thing        struct {
		CertificateArn, CertificateID, Status string
		CreationDate                          moment
	}
)

func (h *handlers) connections() {
	on(h, "Connections", "events:ListConnections", func(v *connection) bool { return strings.Contains(v.ConnectionArn, ":events:") }, func(v *connection) string { return v.ConnectionArn }, func(a *account, region string, v *connection) {
		*a.links.of(v.ConnectionArn) = object.Connection{
			ARN: v.ConnectionArn, Name: v.Name, Region: region, Type: "events.connection", State: v.ConnectionState, Auth: v.AuthorizationType,
			CreatedAt: v.CreationTime.Time, UpdatedAt: v.LastModifiedTime.Time, AuthorizedAt: v.LastAuthorizedTime.Time,
		}
	})
	on(h, "Connections", "codeconnections:ListConnections", func(v *connection) bool { return v.ProviderType != "" }, func(v *connection) string { return v.ConnectionArn }, func(a *account, region string, v *connection) {
		*a.links.of(v.ConnectionArn) = object.Connection{
			ARN: v.ConnectionArn, Name: v.ConnectionName, Region: region, Type: "codeconnections.connection", Provider: v.ProviderType, State: v.ConnectionStatus, Owner: v.OwnerAccountID,
		}
	})
	on(h, "Users", "transfer:ListUsers", func(v *transferUser) bool { return strings.Contains(v.Arn, ":transfer:") }, func(v *transferUser) string { return v.Arn }, func(a *account, region string, v *transferUser) {
		a.describe("transfer:ListUsers", path.Base(path.Dir(v.Arn)))
		*a.links.of(v.Arn) = object.Connection{
			ARN: v.Arn, Name: v.UserName, Region: region, Type: "transfer.user", Role: v.Role, Details: details("server", path.Base(path.Dir(v.Arn))),
		}
	})
	on(h, "UserPoolClients", "cognito-idp:ListUserPoolClients", func(v *poolClient) bool { return v.ClientID != "" }, noARN, func(a *account, region string, v *poolClient) {
		a.describe("cognito-idp:ListUserPoolClients", v.UserPoolID)
		if at, _, ok := strings.Cut(v.UserPoolID, "_"); ok {
			region = at
		}
		arn := "arn:" + cmp.Or(a.Partition, "aws") + ":cognito-idp:" + region + ":" + a.ID + ":userpool/" + v.UserPoolID + "/client/" + v.ClientID
		*a.links.of(arn) = object.Connection{ARN: arn, Name: v.ClientName, Region: region, Type: "cognito.app_client", Details: details("pool", v.UserPoolID)}
	})
	on(h, "certificates", "iot:ListCertificates", func(v *thing) bool { return strings.Contains(v.CertificateArn, ":iot:") }, func(v *thing) string { return v.CertificateArn }, func(a *account, region string, v *thing) {
		*a.links.of(v.CertificateArn) = object.Connection{ARN: v.CertificateArn, Name: v.CertificateID, Region: region, Type: "iot.certificate", State: v.Status, CreatedAt: v.CreationDate.Time}
	})
}
