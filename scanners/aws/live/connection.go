package live

import (
	"context"

	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

func (s *session) connect(list []object.Connection) {
	s.keep(func(a *object.Account) { a.Connections = append(a.Connections, list...) })
}

// eventConnections lists what EventBridge calls others with.
func (s *session) eventConnections(ctx context.Context, region string) {
	type page struct {
		wire.Page
		Connections []struct {
			ConnectionArn, Name, ConnectionState, AuthorizationType wire.Text
			CreationTime, LastModifiedTime, LastAuthorizedTime      wire.Time
		}
	}
	list(ctx, s, "events:ListConnections", region, nil, func(p *page) int {
		var found []object.Connection
		for _, x := range p.Connections {
			found = append(found, object.Connection{
				ARN: string(x.ConnectionArn), Name: string(x.Name), Region: region, Type: "events.connection", State: string(x.ConnectionState),
				Auth: string(x.AuthorizationType), CreatedAt: x.CreationTime.Time, UpdatedAt: x.LastModifiedTime.Time, AuthorizedAt: x.LastAuthorizedTime.Time,
			})
		}
		s.connect(found)
		return len(p.Connections)
	})
}

func (s *session) codeConnections(ctx context.Context, region string) {
	type page struct {
		wire.Page
		Connections []struct {
			ConnectionName, ConnectionArn, ProviderType, OwnerAccountID, ConnectionStatus, HostArn wire.Text
		}
	}
	list(ctx, s, "codeconnections:ListConnections", region, nil, func(p *page) int {
		var found []object.Connection
		for _, x := range p.Connections {
			found = append(found, object.Connection{
				ARN: string(x.ConnectionArn), Name: string(x.ConnectionName), Region: region, Type: "codeconnections.connection",
				Provider: string(x.ProviderType), State: string(x.ConnectionStatus), Owner: string(x.OwnerAccountID),
				Details: known(map[string]string{"host": string(x.HostArn)}),
			})
		}
		s.connect(found)
		return len(p.Connections)
	})
}

// transferUsers lists who signs in to file transfer servers.
func (s *session) transferUsers(ctx context.Context, region string) {
	type servers struct {
		wire.Page
		Servers []struct{ ServerID, State wire.Text }
	}
	type server struct {
		id, state string
		users     []object.Connection
	}
	var found []server
	list(ctx, s, "transfer:ListServers", region, nil, func(p *servers) int {
		for _, x := range p.Servers {
			found = append(found, server{id: string(x.ServerID), state: string(x.State)})
		}
		return len(p.Servers)
	})
	type users struct {
		wire.Page
		Users []struct {
			Arn, UserName, Role wire.Text
			SSHPublicKeyCount   int `json:"SshPublicKeyCount"`
		}
	}
	details(ctx, s, "transfer:ListUsers", region, found, func(ctx context.Context, x *server) error {
		_, err := wire.Pages(ctx, s.client, s.op("transfer:ListUsers"), region, wire.Values{"ServerId": x.id}, func(p *users) int {
			for _, u := range p.Users {
				o := object.Connection{
					ARN: string(u.Arn), Name: string(u.UserName), Region: region, Type: "transfer.user", State: x.state, Role: string(u.Role),
					Details: map[string]string{"server": x.id},
				}
				if u.SSHPublicKeyCount > 0 {
					o.Auth = "ssh"
				}
				x.users = append(x.users, o)
			}
			return len(p.Users)
		})
		return err
	})
	for _, x := range found {
		s.connect(x.users)
	}
}

// appClients lists the OAuth clients of user pools. Describing one would return its
// secret.
func (s *session) appClients(ctx context.Context, region string) {
	type pools struct {
		wire.Page
		UserPools []struct{ ID, Name wire.Text }
	}
	type pool struct {
		id, name string
		clients  []object.Connection
	}
	var found []pool
	list(ctx, s, "cognito-idp:ListUserPools", region, nil, func(p *pools) int {
		for _, x := range p.UserPools {
			found = append(found, pool{id: string(x.ID), name: string(x.Name)})
		}
		return len(p.UserPools)
	})
	type clients struct {
		wire.Page
		UserPoolClients []struct{ ClientID, ClientName wire.Text }
	}
	details(ctx, s, "cognito-idp:ListUserPoolClients", region, found, func(ctx context.Context, x *pool) error {
		_, err := wire.Pages(ctx, s.client, s.op("cognito-idp:ListUserPoolClients"), region, wire.Values{"UserPoolId": x.id}, func(p *clients) int {
			for _, c := range p.UserPoolClients {
				x.clients = append(x.clients, object.Connection{
					ARN: s.arn("cognito-idp", region, "userpool/"+x.id+"/client/"+string(c.ClientID)), Name: string(c.ClientName), Region: region,
					Type: "cognito.app_client", Details: map[string]string{"client_id": string(c.ClientID), "pool": x.name},
				})
			}
			return len(p.UserPoolClients)
		})
		return err
	})
	for _, x := range found {
		s.connect(x.clients)
	}
}

func (s *session) devices(ctx context.Context, region string) {
	type page struct {
		wire.Page
		Certificates []struct {
			CertificateArn, CertificateID, Status wire.Text
			CreationDate                          wire.Time
		}
	}
	list(ctx, s, "iot:ListCertificates", region, nil, func(p *page) int {
		var found []object.Connection
		for _, x := range p.Certificates {
			found = append(found, object.Connection{
				ARN: string(x.CertificateArn), Name: string(x.CertificateID), Region: region, Type: "iot.certificate", State: string(x.Status),
				CreatedAt: x.CreationDate.Time, Auth: "certificate",
			})
		}
		s.connect(found)
		return len(p.Certificates)
	})
}
