package live

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// yes reads a bool of which nothing is said where it is false.
func yes(b *bool) inventory.Tri { return inventory.TriOf(b != nil && *b) }

// A tagList has tags in the two spellings that JSON services use.
type tagList []struct {
	Key   string `json:"Key"` // and "key"
	Value string `json:"Value"`
}

func (l tagList) tags() []object.Tag {
	var out []object.Tag
	for _, t := range l {
		out = append(out, object.Tag{Key: t.Key, Value: t.Value})
	}
	return out
}

type secretPage struct {
	wire.Page
	SecretList []struct {
		ARN, Name, Type, Description, KmsKeyID, RotationLambdaARN, OwningService, PrimaryRegion wire.Text
		RotationEnabled                                                                         *bool
		RotationRules                                                                           struct {
			AutomaticallyAfterDays int
			ScheduleExpression     wire.Text
		}
		LastRotatedDate, LastChangedDate, LastAccessedDate, DeletedDate, NextRotationDate, CreatedDate wire.Time
		Tags                                                                                           tagList
		SecretVersionsToStages                                                                         map[string]wire.Dropped
	}
}

// secrets lists secrets, those that are to be deleted too, and asks for their
// policies.
func (s *session) secrets(ctx context.Context, region string) {
	var found []object.Secret
	list(ctx, s, "secretsmanager:ListSecrets", region, wire.Values{"IncludePlannedDeletion": true}, func(p *secretPage) int {
		for _, x := range p.SecretList {
			found = append(found, object.Secret{
				ARN: string(x.ARN), Name: string(x.Name), Region: region, Description: string(x.Description), Type: string(x.Type),
				CreatedAt: x.CreatedDate.Time, ChangedAt: x.LastChangedDate.Time, AccessedAt: x.LastAccessedDate.Time,
				RotatedAt: x.LastRotatedDate.Time, NextAt: x.NextRotationDate.Time, DeletedAt: x.DeletedDate.Time,
				Rotation: yes(x.RotationEnabled), RotationDays: x.RotationRules.AutomaticallyAfterDays,
				RotationSchedule: string(x.RotationRules.ScheduleExpression), RotationLambda: string(x.RotationLambdaARN),
				OwningService: string(x.OwningService), KMS: string(x.KmsKeyID), PrimaryRegion: string(x.PrimaryRegion),
				Versions: len(x.SecretVersionsToStages), Tags: x.Tags.tags(),
			})
		}
		return len(p.SecretList)
	})
	type answer struct{ ResourcePolicy string }
	details(ctx, s, "secretsmanager:GetResourcePolicy", region, found, func(ctx context.Context, x *object.Secret) error {
		var out answer
		err := s.ask(ctx, "secretsmanager:GetResourcePolicy", region, wire.Values{"SecretId": x.ARN}, &out)
		if err == nil {
			x.Policy = s.document(out.ResourcePolicy, x.ARN)
			x.PolicyKnown = x.Policy != nil || out.ResourcePolicy == ""
		}
		return err
	})
	s.keep(func(a *object.Account) { a.Secrets = append(a.Secrets, found...) })
}

type parameterPage struct {
	wire.Page
	Parameters []struct {
		Name, ARN, Type, KeyID, LastModifiedUser, Tier wire.Text
		LastModifiedDate                               wire.Time
		Version                                        int64
		Policies                                       []struct{ PolicyText, PolicyType string }
	}
}

// parameters lists secure parameters. Others hold no secrets, or should not.
func (s *session) parameters(ctx context.Context, region string) {
	secure := []any{wire.Values{"Key": "Type", "Option": "Equals", "Values": []string{"SecureString"}}}
	list(ctx, s, "ssm:DescribeParameters", region, wire.Values{"ParameterFilters": secure}, func(p *parameterPage) int {
		var found []object.Parameter
		for _, x := range p.Parameters {
			o := object.Parameter{
				ARN: string(x.ARN), Name: string(x.Name), Region: region, Type: string(x.Type), Tier: string(x.Tier), KMS: string(x.KeyID),
				ModifiedAt: x.LastModifiedDate.Time, ModifiedBy: string(x.LastModifiedUser), Version: x.Version,
			}
			if o.ARN == "" { // older endpoints send none
				o.ARN = s.arn("ssm", region, "parameter/"+strings.TrimPrefix(o.Name, "/"))
			}
			for _, policy := range x.Policies {
				if policy.PolicyType == "Expiration" {
					o.ExpiresAt = expiration(policy.PolicyText)
				}
			}
			found = append(found, o)
		}
		s.keep(func(a *object.Account) { a.Parameters = append(a.Parameters, found...) })
		return len(p.Parameters)
	})
}

// expiration reads the date of an expiration policy of a parameter.
func expiration(text string) time.Time {
	var policy struct{ Attributes struct{ Timestamp wire.Time } }
	if json.Unmarshal([]byte(text), &policy) != nil {
		return time.Time{}
	}
	return policy.Attributes.Timestamp.Time
}

// arn makes an ARN of the account.
func (s *session) arn(service, region, resource string) string {
	return strings.Join([]string{"arn", s.account.Partition, service, region, s.account.ID, resource}, ":")
}

type certificatePage struct {
	wire.Page
	CertificateSummaryList []struct {
		CertificateArn, DomainName, Status, Type, KeyAlgorithm, RenewalEligibility, ManagedBy wire.Text
		Names                                                                                 []string `json:"SubjectAlternativeNameSummaries"`
		InUse, Exported                                                                       *bool
		NotBefore, NotAfter, CreatedAt, ImportedAt                                            wire.Time
	}
}

// keyTypes are all that ACM knows: without them it lists RSA certificates of up to
// 2,048 bits and no others (ACM API reference, ListCertificates).
func keyTypes() []string {
	return []string{"RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1"}
}

func (s *session) certificates(ctx context.Context, region string) {
	in := wire.Values{"Includes": wire.Values{"keyTypes": keyTypes()}}
	list(ctx, s, "acm:ListCertificates", region, in, func(p *certificatePage) int {
		var found []object.Certificate
		for _, x := range p.CertificateSummaryList {
			o := object.Certificate{
				ARN: string(x.CertificateArn), Domain: string(x.DomainName), Region: region, Names: x.Names, Type: string(x.Type),
				Status: string(x.Status), Algorithm: string(x.KeyAlgorithm), CreatedAt: x.CreatedAt.Time,
				NotBefore: x.NotBefore.Time, NotAfter: x.NotAfter.Time, Renewal: string(x.RenewalEligibility), ManagedBy: string(x.ManagedBy),
			}
			if o.CreatedAt.IsZero() {
				o.CreatedAt = x.ImportedAt.Time
			}
			if x.InUse != nil {
				o.InUse = inventory.TriOf(*x.InUse)
			}
			if x.Exported != nil {
				o.Exported = inventory.TriOf(*x.Exported)
			}
			found = append(found, o)
		}
		s.keep(func(a *object.Account) { a.Certificates = append(a.Certificates, found...) })
		return len(p.CertificateSummaryList)
	})
}
