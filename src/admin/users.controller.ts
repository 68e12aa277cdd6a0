import { Body, Delete, Get, HttpCode, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  getSchemaPath,
} from '@nestjs/swagger';
import { BULK } from '../platform/http/deadline.js';
import { AdminController, ByAdmin, Needs, type Admin } from './admin.guard.js';
import { Paging } from './paging.service.js';
import { NamePipe, UserPipe } from './path.pipe.js';
import { UserAdministration } from './user-administration.service.js';
import { UserImportAdministration } from './user-import-administration.service.js';
import {
  CreateUserDto,
  ImportedUsersDto,
  ImportUserDto,
  SetPasswordDto,
  SetAdminRolesDto,
  UpdateUserDto,
  UserDto,
  UserPageDto,
  UsersQueryDto,
} from './user.dto.js';
import { showImported, showUser, type KnownUser } from './user-representation.js';

const LIST_OF_USERS = { type: 'array', items: { $ref: getSchemaPath(ImportUserDto) } };

@AdminController('users')
@ApiExtraModels(ImportUserDto)
export class UsersController {
  constructor(
    private readonly administration: UserAdministration,
    private readonly imports: UserImportAdministration,
    private readonly paging: Paging,
  ) {}

  @Post()
  @Needs('rekey:users')
  @ApiOperation({ summary: 'Creates a user' })
  @ApiCreatedResponse({ type: UserDto })
  async createUser(@Body() request: CreateUserDto, @ByAdmin() admin: Admin): Promise<UserDto> {
    return showUser(await this.administration.create(request, admin));
  }

  @Get()
  @Needs('rekey:read')
  @ApiOperation({ summary: 'Lists the users, finds one by username, or searches them' })
  @ApiOkResponse({ type: UserPageDto })
  async listUsers(@Query() { username, search, ...query }: UsersQueryDto): Promise<UserPageDto> {
    if (username !== undefined) return { items: (await this.administration.named(username)).map(showUser) };
    const list = {
      name: 'users',
      read: (limit: number, after?: string) => this.administration.list(limit, after, search),
      positionOf: ({ user }: KnownUser) => user.subject,
      toItem: showUser,
    };
    return this.paging.of(list, query);
  }

  /** Always 200: the response has the outcome of each user. */
  @Post('import')
  @RouteConfig(BULK)
  @Needs('rekey:users')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Imports users with the password hashes of their old system',
    description: 'Existing users are left unchanged, so the same users may be imported again.',
  })
  @ApiBody({ schema: { oneOf: [LIST_OF_USERS, { type: 'object', properties: { users: LIST_OF_USERS } }] } })
  @ApiOkResponse({ type: ImportedUsersDto })
  async importUsers(@Body() body: unknown, @ByAdmin() admin: Admin): Promise<ImportedUsersDto> {
    return { results: (await this.imports.import(body, admin)).map(showImported) };
  }

  @Get(':user')
  @Needs('rekey:read')
  @ApiOperation({ summary: 'Shows a user' })
  @ApiOkResponse({ type: UserDto })
  async readUser(@Param('user', NamePipe, UserPipe) subject: string): Promise<UserDto> {
    return showUser(await this.administration.find(subject));
  }

  @Patch(':user')
  @Needs('rekey:users')
  @ApiOperation({ summary: 'Changes the given members of a user' })
  @ApiOkResponse({ type: UserDto })
  async updateUser(
    @Param('user', NamePipe, UserPipe) subject: string,
    @Body() request: UpdateUserDto,
    @ByAdmin() admin: Admin,
  ): Promise<UserDto> {
    return showUser(await this.administration.update(subject, request, admin));
  }

  @Post(':user/password')
  @Needs('rekey:users')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Sets the password of a user and signs the user out everywhere',
    description: 'Families with `offline_access` stay valid; revoke the subject to end those too.',
  })
  @ApiNoContentResponse()
  async setPassword(
    @Param('user', NamePipe, UserPipe) subject: string,
    @Body() { password }: SetPasswordDto,
    @ByAdmin() admin: Admin,
  ): Promise<void> {
    await this.administration.setPassword(subject, password, admin);
  }

  @Put(':user/admin-roles')
  @Needs('rekey:admin')
  @ApiOperation({ summary: 'Sets what a user may do in the admin API. It counts at once' })
  @ApiOkResponse({ type: UserDto })
  async setAdminRoles(
    @Param('user', NamePipe, UserPipe) subject: string,
    @Body() { admin_roles: roles }: SetAdminRolesDto,
    @ByAdmin() admin: Admin,
  ): Promise<UserDto> {
    return showUser(await this.administration.setAdminRoles(subject, roles, admin));
  }

  @Delete(':user')
  @Needs('rekey:users')
  @HttpCode(204)
  @ApiOperation({ summary: 'Deletes a user and revokes all their families and tokens. The subject stays taken' })
  @ApiNoContentResponse()
  async deleteUser(@Param('user', NamePipe, UserPipe) subject: string, @ByAdmin() admin: Admin): Promise<void> {
    await this.administration.delete(subject, admin);
  }
}
