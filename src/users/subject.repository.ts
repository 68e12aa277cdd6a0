import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Any, IsNull, Not, type EntityManager, type Repository } from 'typeorm';
import { SubjectEntity } from './subject.entity.js';

/** `subjects`. */
@Injectable()
export class SubjectRepository {
  constructor(@InjectRepository(SubjectEntity) private readonly subjects: Repository<SubjectEntity>) {}

  isDisabled(subject: string): Promise<boolean> {
    return this.subjects.existsBy({ subject, disabledAt: Not(IsNull()) });
  }

  isRecorded(subject: string): Promise<boolean> {
    return this.subjects.existsBy({ subject });
  }

  /** @returns the disabled ones among these subjects */
  async disabledAmong(subjects: readonly string[]): Promise<Set<string>> {
    const disabled = await this.subjects.findBy({ subject: Any(subjects), disabledAt: Not(IsNull()) });
    return new Set(disabled.map(({ subject }) => subject));
  }

  async setDisabled(subject: string, disabled: boolean, now: Date, manager: EntityManager): Promise<void> {
    // SQL, because TypeORM's upsert cannot keep the time of a subject that is disabled already.
    await manager.query(
      `INSERT INTO subjects (subject, updated_at, disabled_at) VALUES ($1, $2, $3)
       ON CONFLICT (subject) DO UPDATE SET updated_at = $2,
         disabled_at = CASE WHEN $3::timestamptz IS NULL THEN NULL ELSE coalesce(subjects.disabled_at, $3) END`,
      [subject, now, disabled ? now : null],
    );
  }
}
